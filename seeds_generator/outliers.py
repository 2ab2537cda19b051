"""Outliers: lines with an amount far off, sold as they stand, so that the header agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seeds_generator.arrays import BoolArray, FloatArray, IntArray
from seeds_generator.categories import CATEGORIES
from seeds_generator.market import Market
from seeds_generator.sales import NONE, Sales

FACTORS = (25, 80)  # times the usual quantity, from and to; more where that is not far enough
FENCE = 3.5 / 0.6745  # median deviations of the log of the amount beyond which a line is suspect
DISTANCE = (1.3, 1.8)  # times the fence
MONTHS, LEAST = 3, 100  # lines of the category that the months before must have: limits exist
WIDEST = 0.6  # median deviation: where amounts vary more, only absurd ones would stand out
MOST_LINES = 64  # of a sale, to number its lines
STEPS, STEPS_A_UNIT = 1000, 50  # of the logs of cents: amounts are told apart to 2 %
LOGS = (np.arange(STEPS) + 0.5) / STEPS_A_UNIT
NO_LINES = np.zeros((len(CATEGORIES), STEPS), dtype=np.int64)


class Outliers:
    """Blows up a share of the lines, beyond the fence of their category and month.

    Only merchandise outside promotions, so that the truth about them holds; only in categories
    whose amounts are alike enough; and only once there are enough sales of the three months before
    to compare with: a rule cannot find others.
    """

    def __init__(self, market: Market, rate: float) -> None:
        self._months = market.calendar.months
        self._assortment = market.assortment
        self._rate = rate
        self._amounts: dict[int, IntArray] = {}  # month -> categories x LOGS, number of lines

    def plant(
        self, rng: np.random.Generator, sales: Sales, spared: BoolArray
    ) -> tuple[Sales, IntArray]:
        """The sales with lines of other headers than ``spared`` blown up, and their keys."""
        category = self._assortment.category[sales.product]
        month = self._months[sales.day[sales.line_header]]
        self._count(sales, category, month)
        middle, spread = self._usual(category, month)
        free = ~spared[sales.line_header] & (sales.promotion == NONE)
        usable = np.flatnonzero(
            free & self._assortment.is_merchandise[sales.product] & (spread > 0)
        )
        size = min(int(rng.binomial(sales.line_count, self._rate)), len(usable))
        chosen = np.sort(rng.choice(usable, size, replace=False))
        distance = FENCE * rng.uniform(*DISTANCE, size)
        wanted = np.exp(middle[chosen] + distance * spread[chosen])
        factor = np.ceil(wanted / sales.amount[chosen]).astype(np.int64)
        factor = np.maximum(factor, rng.integers(*FACTORS, size))
        quantity, amount = sales.quantity.copy(), sales.amount.copy()
        quantity[chosen] *= factor
        amount[chosen] *= factor
        return replace(sales, quantity=quantity, amount=amount), line_keys(sales)[chosen]

    def _count(self, sales: Sales, category: IntArray, month: IntArray) -> None:
        """Notes the amounts; what no later month looks at is forgotten."""
        log = np.log(np.maximum(sales.amount, 1)) * STEPS_A_UNIT
        place = category * STEPS + np.minimum(log.astype(np.int64), STEPS - 1)
        for number in np.unique(month).tolist():
            lines = np.bincount(place[month == number], minlength=len(CATEGORIES) * STEPS)
            before = self._amounts.get(number, 0)
            self._amounts[number] = before + lines.reshape(len(CATEGORIES), STEPS)
        for number in [old for old in self._amounts if old < month.max(initial=0) - MONTHS]:
            del self._amounts[number]

    def _usual(self, category: IntArray, month: IntArray) -> tuple[FloatArray, FloatArray]:
        """Median and median deviation of the logs before each line's month; 0 where unfit."""
        middle, spread = np.zeros(len(month)), np.zeros(len(month))
        for number in np.unique(month).tolist():
            months = range(number - MONTHS, number)
            known = [self._amounts[before] for before in months if before in self._amounts]
            for place, lines in enumerate(sum(known, start=NO_LINES)):
                if lines.sum() < LEAST:
                    continue
                center = _median(LOGS, lines)
                deviation = _median(np.abs(LOGS - center), lines)
                if deviation <= WIDEST:
                    rows = (month == number) & (category == place)
                    middle[rows], spread[rows] = center, deviation
        return middle, spread


def line_keys(sales: Sales) -> IntArray:
    """A number for every line that is the same in any order of the sales; returns have -1."""
    keys = sales.number[sales.line_header] * MOST_LINES + sales.line_number
    return np.where(sales.is_return[sales.line_header], -1, keys)


def _median(values: FloatArray, counts: IntArray) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
