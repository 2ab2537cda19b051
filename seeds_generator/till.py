"""The till: block after block of days, it sells, takes back, books points and writes it down."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from seeds_generator.arrays import stream
from seeds_generator.baskets import Market, sell
from seeds_generator.customers import Customers
from seeds_generator.defects import HEADERS, LINES, Defects
from seeds_generator.loyalty import till_points
from seeds_generator.options import GeneratorOptions
from seeds_generator.redemptions import points_events, redeem_at_till
from seeds_generator.returns import plan_returns
from seeds_generator.sales import NONE, Sales, combined, no_sales
from seeds_generator.sales_tables import Columns, SalesTables


class Till:
    """Makes the sales of consecutive blocks of days.

    It remembers the numbers given, the returns still to come, and the points and last purchase
    of every customer. Defects come into the files only: what the till knows is right.
    """

    DATA_SETS: ClassVar = (HEADERS, LINES, "points_events")

    def __init__(
        self, options: GeneratorOptions, market: Market, customers: Customers, defects: Defects
    ) -> None:
        self._seed = options.seed
        self._market = market
        self._customers = customers
        self._defects = defects
        self._tables = SalesTables(market, customers.ids, customers.phones, options.currency)
        self._to_come = no_sales()
        self._next_sale = self._next_return = self._next_event = 1

    def block(self, first: int, last: int) -> dict[str, Columns]:
        """The columns of header, line and points files for the days ``first`` to ``last``."""
        rng = stream(self._seed, "sales", first)
        sales = sell(rng, self._market, first, last, self._next_sale)
        self._next_sale += sales.count
        sales = redeem_at_till(rng, self._market, sales)
        comes_back, planned = plan_returns(rng, sales, self._market.assortment)
        returns = self._returns_until(last, planned)
        day_book = combined([sales, returns])
        comes_back = np.append(comes_back, np.zeros(returns.count, dtype=np.bool_))
        # the order of time, for the flag as well: it travels with the numbers of the sales
        returned = np.sort(day_book.number[comes_back])
        day_book = day_book.in_time_order()
        comes_back = ~day_book.is_return & np.isin(day_book.number, returned)

        ids = self._tables.transaction_ids(day_book)
        self._book(day_book)
        events, self._next_event = points_events(
            rng,
            self._market,
            day_book,
            ids,
            self._customers.ids,
            (first, last),
            self._next_event,
        )
        headers, lines = self._defects.apply(
            day_book,
            comes_back,
            self._tables.headers(day_book, ids),
            self._tables.lines(day_book, ids),
        )
        return {HEADERS: headers, LINES: lines, "points_events": events}

    def _returns_until(self, last: int, planned: Sales) -> Sales:
        """The returns that take place up to ``last``, numbered; the others wait."""
        waiting = combined([self._to_come, planned])
        is_due = waiting.day <= last
        due = waiting.take(is_due).in_time_order()
        self._to_come = waiting.take(~is_due)
        number = np.arange(self._next_return, self._next_return + due.count)
        self._next_return += due.count
        return replace(due, number=number)

    def _book(self, sales: Sales) -> None:
        """Points and last purchase of the customers after these sales."""
        population = self._market.population
        known = sales.customer != NONE
        points = till_points(sales, self._market.assortment)
        np.add.at(population.points, sales.customer[known], points[known])
        buys = known & ~sales.is_return
        np.maximum.at(population.last_purchase, sales.customer[buys], sales.day[buys])
