"""Stock on hand: a saw-tooth of deliveries and sales, with spells in which a shelf is empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    RatioArray,
    SmallArray,
    TextArray,
    integer_text,
    stream,
)
from seeds_generator.calendar import Calendar
from seeds_generator.options import GeneratorOptions
from seeds_generator.products import Assortment
from seeds_generator.stores import Stores

COUNTED = 40  # best sellers whose stock is delivered
PERIOD = 30  # at most one empty spell per period, store and product
SPELL_SHARE = 0.2
LONGEST_SPELL = 5
SHORTEST_CYCLE, LONGEST_CYCLE = 5, 14


@dataclass(frozen=True)
class Stock:
    """Stock by store and product. ``counted`` lists the products of the inventory files.

    ``substitute`` is what customers take instead of a product that is out: never a counted one.
    """

    counted: IntArray
    substitute: IntArray
    _counted_place: IntArray  # product -> place in counted, or -1
    _daily_sales: RatioArray
    _cycle: SmallArray  # days from delivery to delivery
    _phase: SmallArray  # of day 0 in the cycle
    _spell_start: IntArray  # periods x stores x counted; a start beyond the period: no spell
    _spell_length: IntArray

    def is_out(self, day: IntArray, store: IntArray, product: IntArray) -> BoolArray:
        """Whether the shelf is empty on that day in that store."""
        place = self._counted_place[product]
        start = self._spell_start[day // PERIOD, store, place]
        length = self._spell_length[day // PERIOD, store, place]
        within = day % PERIOD - start
        return (place >= 0) & (within >= 0) & (within < length)

    def share_out(self, first: int, last: int, weights: FloatArray) -> FloatArray:
        """Share of the days ``first`` to ``last`` on which a product is out, over all stores."""
        share = np.zeros(len(self._counted_place))
        for day in range(first, last + 1):
            share[self.counted] += np.average(self._is_empty(day), axis=0, weights=weights)
        return share / (last - first + 1)

    def levels(self, day: int) -> IntArray:
        """Units on hand in all stores together at the end of a day, by product."""
        level = self._full_shelves(day, slice(None))
        level[:, self.counted] = self._counted_levels(day)
        total: IntArray = level.sum(axis=0, dtype=np.int64)
        return total

    def _counted_levels(self, day: int) -> IntArray:
        """Units of the counted products, stores x places; nothing where the shelf is empty."""
        return np.where(self._is_empty(day), 0, self._full_shelves(day, self.counted))

    def _is_empty(self, day: int) -> BoolArray:
        """Which shelves of the counted products are empty on a day, stores x places."""
        within = day % PERIOD - self._spell_start[day // PERIOD]
        empty: BoolArray = (within >= 0) & (within < self._spell_length[day // PERIOD])
        return empty

    def _full_shelves(self, day: int, products: slice | IntArray) -> IntArray:
        """The saw-tooth of deliveries and sales, stores x products."""
        cycle = self._cycle[:, products]
        phase = (day % np.arange(LONGEST_CYCLE + 1).clip(1)).astype(np.int16)[cycle]
        phase += self._phase[:, products]
        phase -= np.where(phase >= cycle, cycle, 0).astype(np.int16)
        sold: IntArray = (self._daily_sales[:, products] * (cycle - phase)).astype(np.int32)
        return sold + 2

    def spells(self, last: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Store, product, first and last day of every empty spell up to day ``last``."""
        period, store, place = np.nonzero(self._spell_start < PERIOD)
        first = period * PERIOD + self._spell_start[period, store, place]
        end = first + self._spell_length[period, store, place] - 1
        seen = first <= last
        return (
            store[seen],
            self.counted[place[seen]],
            first[seen],
            np.minimum(end[seen], last),
        )

    def columns(
        self, day: int, calendar: Calendar, stores: Stores, assortment: Assortment
    ) -> dict[str, TextArray]:
        """The inventory file of a day: the counted products in every store."""
        shape = (stores.count, len(self.counted))
        store, place = (index.ravel() for index in np.indices(shape))
        return {
            "inventory_date": np.full(len(store), calendar.names[day], dtype=object),
            "store_id": stores.ids[store],
            "product_id": assortment.ids[self.counted[place]],
            "stock_on_hand": integer_text(self._counted_levels(day).ravel()),
        }


def build_stock(
    options: GeneratorOptions, calendar: Calendar, stores: Stores, assortment: Assortment
) -> Stock:
    """Stock levels for the whole period; they follow the pull of the products, not single sales."""
    rng = stream(options.seed, "stock")
    count = assortment.count
    last_of_category = assortment.category_start[1:] - 1
    candidates = np.setdiff1d(np.flatnonzero(assortment.is_merchandise), last_of_category)
    by_pull = candidates[np.argsort(-assortment.weight[candidates], kind="stable")]
    counted = np.sort(by_pull[: min(COUNTED, max(count // 4, 1))])
    counted_place = np.full(count, -1, dtype=np.int64)
    counted_place[counted] = np.arange(len(counted))

    free = np.flatnonzero(counted_place < 0)
    first_free = free[np.searchsorted(free, assortment.category_start[:-1])]
    shape = (stores.count, count)
    periods = (calendar.horizon // PERIOD + 1, stores.count, len(counted))
    start = rng.integers(1, PERIOD - LONGEST_SPELL, periods)
    pull = assortment.weight / assortment.weight.mean()
    capacity = np.ceil((6 + 14 * pull) * rng.uniform(0.7, 1.5, shape))
    cycle = rng.integers(SHORTEST_CYCLE, LONGEST_CYCLE + 1, shape, dtype=np.int16)
    return Stock(
        counted=counted,
        substitute=first_free[assortment.category],
        _counted_place=counted_place,
        _daily_sales=(capacity / cycle).astype(np.float32),
        _cycle=cycle,
        _phase=rng.integers(0, 1000, shape, dtype=np.int16) % cycle,
        _spell_start=np.where(rng.random(periods) < SPELL_SHARE, start, PERIOD),
        _spell_length=rng.integers(2, LONGEST_SPELL + 1, periods),
    )
