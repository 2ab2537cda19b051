"""Returns: a few sales of known customers come back within a month, in full or in part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray
from seeds_generator.products import Assortment
from seeds_generator.sales import NONE, Sales
from seeds_generator.visits import till_seconds

SHARE = 0.028  # of the sales of known customers
LATEST = 30  # days after the sale
PARTIAL = 0.3  # of the returns


def plan_returns(
    rng: np.random.Generator, sales: Sales, assortment: Assortment
) -> tuple[BoolArray, Sales]:
    """Which of the sales come back, and the returns that they become, one a sale at most.

    A return has its own day (1 to 30 days later), the customer and store of the sale, and lines
    with the product, promotion and at most the quantity of the sale's, the amount in proportion.
    Its ``number`` is set when it takes place.
    """
    has_goods = np.bincount(
        sales.line_header, assortment.is_merchandise[sales.product], sales.count
    )
    returned = (sales.customer != NONE) & (has_goods > 0) & (rng.random(sales.count) < SHARE)
    origin = sales.take(returned)
    days = rng.integers(1, LATEST + 1, origin.count)
    whole = replace(
        origin,
        original=origin.number,
        number=np.full(origin.count, NONE),
        day=origin.day + np.minimum(rng.geometric(0.11, origin.count), days),
        second=till_seconds(rng, origin.count),
        redeemed=np.zeros(origin.count, dtype=np.int64),
        phone=np.full(origin.count, NONE),
    )
    return returned, _partly(rng, whole)


def _partly(rng: np.random.Generator, returns: Sales) -> Sales:
    """Drop some lines and units of the partial returns and turn the amounts negative."""
    partial = (rng.random(returns.count) < PARTIAL)[returns.line_header]
    keeps = ~partial | (rng.random(returns.line_count) < 0.5) | (returns.line_number == 1)
    one_unit = partial & (rng.random(returns.line_count) < 0.6)
    quantity = np.where(one_unit, 1, returns.quantity)
    amount = -(returns.amount * quantity // returns.quantity)
    header = returns.line_header[keeps]
    return replace(
        returns,
        line_header=header,
        line_number=_counted_up(header, returns.count),
        product=returns.product[keeps],
        promotion=returns.promotion[keeps],
        quantity=quantity[keeps],
        amount=amount[keeps],
    )


def _counted_up(header: IntArray, count: int) -> IntArray:
    """1, 2, 3 ... for the lines of each header."""
    starts = np.searchsorted(header, np.arange(count))
    return np.arange(len(header)) - starts[header] + 1
