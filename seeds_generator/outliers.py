"""Outliers: lines with an amount far off, sold as they stand, so that the header agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray
from seeds_generator.sales import NONE, Sales

FACTORS = (25, 80)  # times the usual quantity, from and to
MOST_LINES = 64  # of a sale, to number its lines


def plant_outliers(
    rng: np.random.Generator, sales: Sales, spared: BoolArray, rate: float
) -> tuple[Sales, IntArray]:
    """The sales with some lines of other headers than ``spared`` blown up, and their keys.

    Promoted lines are left alone, so that the truth about promotions holds.
    """
    usable = np.flatnonzero(~spared[sales.line_header] & (sales.promotion == NONE))
    size = min(int(rng.binomial(sales.line_count, rate)), len(usable))
    chosen = np.sort(rng.choice(usable, size, replace=False))
    factor = rng.integers(*FACTORS, size)
    quantity, amount = sales.quantity.copy(), sales.amount.copy()
    quantity[chosen] *= factor
    amount[chosen] *= factor
    return replace(sales, quantity=quantity, amount=amount), line_keys(sales)[chosen]


def line_keys(sales: Sales) -> IntArray:
    """A number for every line that is the same in any order of the sales; returns have -1."""
    keys = sales.number[sales.line_header] * MOST_LINES + sales.line_number
    return np.where(sales.is_return[sales.line_header], -1, keys)
