"""Points spent: at the till with a sale, for rewards without one, and corrections by staff."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seeds_generator.arrays import (
    IntArray,
    TextArray,
    blanks,
    integer_text,
    numbered,
    texts,
    weighted,
)
from seeds_generator.market import Market
from seeds_generator.sales import NONE, Sales
from seeds_generator.visits import till_seconds

AT_TILL = 0.05  # of the sales of customers with enough points
TOLD_TWICE = 0.3  # of these also come as a REDEEM event that names the sale
REWARDS = 0.0015  # reward redemptions per customer and day
CORRECTIONS = 0.0006  # adjustments per customer and day
LEAST = 100  # points of a redemption
REWARD_REASONS = texts(["Reward catalogue", "Charity donation", "Partner voucher", "Free delivery"])
CREDIT_REASONS = texts(["Goodwill after complaint", "Missing purchase credited", "Survey reward"])
DEBIT_REASON = "Correction of a double credit"


def redeem_at_till(rng: np.random.Generator, market: Market, sales: Sales) -> Sales:
    """Let some customers pay with points: once per block, at most half of their points.

    Never more than the goods are worth (a point is a cent).
    """
    points = market.population.points
    known = np.flatnonzero(sales.customer != NONE)
    wants = known[rng.random(len(known)) < AT_TILL]
    _, first = np.unique(sales.customer[wants], return_index=True)
    rows = wants[np.sort(first)]
    worth = np.minimum(points[sales.customer[rows]] // 2, sales.total[rows]) // 50 * 50
    redeemed = sales.redeemed.copy()
    redeemed[rows] = np.where(worth >= LEAST, worth, 0)
    return replace(sales, redeemed=redeemed)


def points_events(
    rng: np.random.Generator,
    market: Market,
    sales: Sales,
    transaction_ids: TextArray,
    customer_ids: TextArray,
    days: tuple[int, int],
    next_number: int,
) -> tuple[dict[str, TextArray], int]:
    """The points_events rows of the days ``first`` to ``last``; books them at the till.

    Events that name a sale repeat its redemption and are not booked again. Returns the columns
    and the number of the next event.
    """
    first, last = days
    population = market.population
    members = int(np.searchsorted(population.joins, first, side="right"))
    length = last - first + 1
    buyer_redeems = np.zeros(population.count, dtype=np.bool_)
    buyer_redeems[sales.customer[sales.redeemed > 0]] = True

    linked = np.flatnonzero((sales.redeemed > 0) & (rng.random(sales.count) < TOLD_TWICE))
    chosen = _some(rng, members, REWARDS * length)
    chosen = chosen[(population.points[chosen] >= 2 * LEAST) & ~buyer_redeems[chosen]]
    reward = population.points[chosen] // 2 // LEAST * LEAST
    population.points[chosen] -= reward

    adjusted = _some(rng, members, CORRECTIONS * length)
    credit = 10 * rng.integers(2, 30, len(adjusted))
    is_debit = (rng.random(len(adjusted)) < 0.25) & (population.points[adjusted] >= 20)
    change = np.where(is_debit, -np.minimum(credit, population.points[adjusted] // 2), credit)
    population.points[adjusted] += change

    free = len(chosen) + len(adjusted)
    day = first + weighted(rng, market.calendar.busyness[first : last + 1], free)
    day = np.concatenate([sales.day[linked], day])
    second = np.concatenate([sales.second[linked], till_seconds(rng, free)])
    reasons = np.concatenate(
        [
            texts(["Paid with points"] * len(linked)),
            REWARD_REASONS[rng.integers(0, len(REWARD_REASONS), len(chosen))],
            np.where(
                is_debit,
                DEBIT_REASON,
                CREDIT_REASONS[rng.integers(0, len(CREDIT_REASONS), len(adjusted))],
            ),
        ]
    )
    kinds = ["REDEEM"] * (len(linked) + len(chosen)) + ["ADJUST"] * len(adjusted)
    customer = np.concatenate([sales.customer[linked], chosen, adjusted])
    points = np.concatenate([sales.redeemed[linked], reward, change])
    order = np.lexsort((second, day))
    columns = {
        "event_id": numbered("E%08d", np.arange(next_number, next_number + len(order))),
        "customer_id": customer_ids[customer[order]],
        "event_type": texts(kinds)[order],
        "points": integer_text(points[order]),
        "event_at": timestamps(market.calendar.names, day[order], second[order]),
        "transaction_id": np.concatenate([transaction_ids[linked], blanks(free)])[order],
        "reason": reasons[order],
    }
    return columns, next_number + len(order)


def timestamps(day_names: TextArray, day: IntArray, second: IntArray) -> TextArray:
    """Local ISO timestamps to the second, without an offset."""
    column: TextArray = day_names[day] + CLOCK[second]
    return column


CLOCK = texts(
    f"T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(86_400)
)


def _some(rng: np.random.Generator, members: int, rate: float) -> IntArray:
    """Each of the first ``members`` customers with the probability that a Poisson event gives."""
    return np.flatnonzero(rng.random(members) < 1 - np.exp(-rate))
