"""The till: block after block of days, it sells, takes back, books points and writes it down."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from seeds_generator.arrays import IntArray, TextArray, stream
from seeds_generator.baskets import sell
from seeds_generator.customers import Customers
from seeds_generator.defects import EVENTS, HEADERS, LINES, OUTLIER
from seeds_generator.loyalty import till_points
from seeds_generator.market import Market
from seeds_generator.options import GeneratorOptions
from seeds_generator.outliers import Outliers, line_keys
from seeds_generator.redemptions import points_events, redeem_at_till
from seeds_generator.returns import plan_returns
from seeds_generator.sales import NONE, Sales, combined, no_sales
from seeds_generator.sales_tables import SalesTables
from seeds_generator.spend import ExpectedSpend
from seeds_generator.spoiling import Block, Planted, Spoiler


class Till:
    """Makes the sales of consecutive blocks of days.

    It remembers the numbers given, the returns still to come, and the points and last purchase
    of every customer. Defects come into the files only: what the till knows is right.
    """

    DATA_SETS: ClassVar = (HEADERS, LINES, EVENTS)

    def __init__(
        self,
        options: GeneratorOptions,
        market: Market,
        customers: Customers,
        spoiler: Spoiler,
        spend: ExpectedSpend | None,
    ) -> None:
        self._seed = options.seed
        self._outliers = Outliers(market, options.outlier_rate)
        self._market = market
        self._customers = customers
        self._spoiler = spoiler
        self._tables = SalesTables(market, customers.ids, customers.phones, options.currency)
        self._spend = spend
        self._to_come = no_sales()
        self._next_sale = self._next_return = self._next_event = 1

    def block(self, first: int, last: int, *, is_written: bool = True) -> tuple[Block, ...]:
        """Header, line and points rows of the days ``first`` to ``last``.

        Without ``is_written`` everything happens as ever, but nothing is put into words.
        """
        if self._spend:
            self._spend.add(first, last)
        rng = stream(self._seed, "sales", first)
        sales = sell(rng, self._market, first, last, self._next_sale)
        self._next_sale += sales.count
        sales = redeem_at_till(rng, self._market, sales)
        comes_back, planned = plan_returns(rng, sales, self._market.assortment)
        spared = comes_back | (sales.redeemed > 0)
        sales, far_off = self._outliers.plant(rng, sales, spared)
        whole = sales.number[comes_back]
        day_book = combined([sales, self._returns_until(last, planned)]).in_time_order()
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
        if not is_written:
            for data_set, rows in (
                (HEADERS, day_book.count),
                (LINES, day_book.line_count),
                (EVENTS, len(events["event_id"])),
            ):
                self._spoiler.skip(data_set, rows)
            return ()
        headers, lines = self._in_words(day_book, ids, whole, far_off, first)
        return headers, lines, self._spoiler.rows(EVENTS, events, first)

    def _in_words(
        self, sales: Sales, ids: TextArray, whole: IntArray, far_off: IntArray, day: int
    ) -> tuple[Block, Block]:
        """The two sales files with what is planted in them; ``whole`` sales are left alone."""
        is_outlier = np.isin(line_keys(sales), far_off)
        has_outlier = np.bincount(sales.line_header, is_outlier, sales.count) > 0
        is_sale = ~sales.is_return
        spared = is_sale & (np.isin(sales.number, whole) | (sales.redeemed > 0) | has_outlier)
        headers, lines = self._spoiler.sales(
            sales, spared, self._tables.headers(sales, ids), self._tables.lines(sales, ids), day
        )
        outliers = tuple(
            Planted(line, "outlier", OUTLIER, "outlier")
            for line in np.flatnonzero(is_outlier).tolist()
        )
        return headers, replace(lines, planted=lines.planted + outliers)

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
