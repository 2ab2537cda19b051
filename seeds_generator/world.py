"""A whole invented shop: it lives day after day, and its files are written on the way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import numpy as np

from seeds_generator.affinities import build_affinities
from seeds_generator.arrays import IntArray, TextArray, blanks, numbered, stream, texts
from seeds_generator.calendar import build_calendar
from seeds_generator.customers import Customers
from seeds_generator.defects import EVENTS, INVENTORY, PROMOTIONS, RULES
from seeds_generator.late import LateFiles
from seeds_generator.loyalty import rule_columns
from seeds_generator.market import Market
from seeds_generator.options import GeneratorOptions
from seeds_generator.population import build_population
from seeds_generator.products import build_assortment
from seeds_generator.promotion_truth import promotion_truth
from seeds_generator.promotions import build_promotions
from seeds_generator.result import GeneratedFiles
from seeds_generator.spend import ExpectedSpend
from seeds_generator.spoiling import Block, Columns, Spoiler
from seeds_generator.stock import build_stock
from seeds_generator.stores import build_stores
from seeds_generator.till import Till
from seeds_generator.writer import Writer

BLOCK_HEADERS = 40_000  # headers made at a time: what bounds the memory
MONTH = 28  # days after which the history has new prices and changed customers
PRICE_CHANGES = 0.03  # of the products, a day
MONTHLY_PRICE_CHANGES = 0.15  # of the products, in the history
CUSTOMER_CHANGES = 0.004  # of the customers, a day
RENAMED_ON = 2  # daily day (0 the first) on which a store gets a new name
BLEMISHES = 0.1  # spoilt incomes and birth dates each, per customer and defect rate


class World:
    """One run: everything that exists, and the days that go by.

    ``only_day``: all days up to it happen, and its drop alone is written.
    """

    def __init__(
        self,
        options: GeneratorOptions,
        writer: Writer,
        only_day: int | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        if only_day is not None and not options.history_days <= only_day < options.horizon:
            raise ValueError(
                f"only_day must lie between {options.history_days} and {options.horizon - 1},"
                f" not {only_day}"
            )
        self.options = options
        self.writer = writer
        self.only_day = only_day
        self._tell = progress or (lambda _, __: None)
        self.calendar = build_calendar(options)
        self.stores = build_stores(options, self.calendar)
        self.assortment = build_assortment(options)
        self.population = build_population(options, self.calendar, self.stores)
        self.customers = Customers(options, self.calendar, self.stores, self.population)
        self.promotions = build_promotions(options, self.calendar, self.stores)
        self.stock = build_stock(options, self.calendar, self.stores, self.assortment)
        self.spoiler = Spoiler(options)
        self.market = Market(
            self.calendar,
            self.stores,
            self.assortment,
            build_affinities(self.assortment),
            self.population,
            self.promotions,
            self.stock,
            self.customers.phone_book(),
        )
        self.spend = ExpectedSpend(self.market) if writer.truth else None
        self.till = Till(options, self.market, self.customers, self.spoiler, self.spend)
        self.late = LateFiles(options, self.calendar, self.stores)
        self.unchanged: dict[str, int] = {}

    def run(self) -> GeneratedFiles:
        """All days; what was written."""
        last = self.options.total_days - 1 if self.only_day is None else self.only_day
        self._masters()
        if self.options.history_days:
            self._history(last)
        for day in range(self.options.history_days, last + 1):
            self._day(day, is_written=self.only_day in (None, day))
            self._tell(day + 1, last + 1)
        promotions = promotion_truth(self.promotions, self.calendar, self.stores)
        if self.writer.truth and self.spend:
            for held in self.late.still_held():
                path = f"{self.calendar.names[held.arrives]}/{held.name}"
                self.writer.truth.late(path, held, is_delivered=False)
            self.writer.truth.close(
                self.options, self.market, self.customers, promotions, self.spend.mean()
            )
        return GeneratedFiles(
            files=tuple(self.writer.files),
            defects=dict(sorted(self.writer.defects.items())),
            unchanged_versions=self.unchanged,
            promotions=promotions,
        )

    def _masters(self) -> None:
        """The first version of everything; it comes with the history, or with the first day.

        Everybody who joins during the history is in its customer file, with no points.
        """
        options = self.options
        first = self.calendar.names[0]
        ending = f"_{first}.csv" if options.history_days else ".csv"
        folder = "history" if options.history_days else first
        if options.defect_rate > 0:
            each = max(round(options.customers * options.defect_rate * BLEMISHES), 1)
            rng = stream(options.seed, "blemishes")
            self.customers.blemish(rng, each)
        known = np.flatnonzero(self.population.joins < max(options.history_days, 1))
        running = np.flatnonzero(self.promotions.start < max(options.history_days, 1))
        self.old_products = self.assortment.columns(self.stock.levels(0))
        masters: dict[str, Columns] = {
            "stores": self.stores.columns(),
            "products": self.old_products,
            RULES: rule_columns(options.first_day),
        }
        if len(running):
            masters[PROMOTIONS] = self.promotions.columns(running, self.calendar)
        blocks = [self.customers.block(known, blanks(len(known)))]
        for data_set, columns in masters.items():
            is_spoilt = data_set in (RULES, PROMOTIONS)
            blocks.append(
                self.spoiler.rows(data_set, columns, 0) if is_spoilt else Block(data_set, columns)
            )
        if self.only_day is None or options.history_days == 0 == self.only_day:
            for block in blocks:
                self.writer.write(f"{folder}/{block.data_set}{ending}", block)

    def _history(self, last: int) -> None:
        """One file of sales, points and stock; new prices and customer records every month."""
        history = self.options.history_days
        name = self.calendar.names[history - 1]
        is_written = self.only_day is None
        with ExitStack() as stack:
            files = {
                data_set: stack.enter_context(
                    self.writer.file(
                        f"history/{data_set}_{name}.csv", data_set, free_text=data_set == EVENTS
                    )
                )
                for data_set in (self.till.DATA_SETS if is_written else ())
            }
            for first, end in self._blocks(history):
                for block in self.till.block(first, end, is_written=is_written):
                    self.writer.add(files[block.data_set], block)
                if (end + 1) % MONTH == 0 and end + 1 < history:
                    self._month_end(end + 1, is_written=is_written)
                self._tell(end + 1, last + 1)
        days = list(range((history - 1) % 7, history, 7))
        self._inventory(f"history/store_inventory_{name}.csv", days, is_written=is_written)

    def _blocks(self, history: int) -> list[tuple[int, int]]:
        """First and last days of blocks of the history; each month ends with a block."""
        per_day = max(float(self.population.rate.sum()), 1.0)
        length = max(1, min(MONTH, int(BLOCK_HEADERS / per_day)))
        starts = sorted({*range(0, history, length), *range(0, history, MONTH)})
        return [(a, b - 1) for a, b in zip(starts, [*starts[1:], history], strict=True)]

    def _month_end(self, day: int, *, is_written: bool) -> None:
        """Changed prices and customers of the history, in force from ``day`` on."""
        name = self.calendar.names[day]
        rng = stream(self.options.seed, "price changes", day)
        self.assortment.change_prices(rng, MONTHLY_PRICE_CHANGES)
        columns = self.assortment.columns(self.stock.levels(day))
        changed = columns["unit_price"] != self.old_products["unit_price"]
        self.old_products = columns
        rng = stream(self.options.seed, "customer changes", day)
        rows = self.customers.change(rng, day, self.options.customers * CUSTOMER_CHANGES * MONTH)
        records = self.customers.block(rows, self._early(np.full(len(rows), day), rng))
        if is_written and changed.any():
            moved = {column: values[changed] for column, values in columns.items()}
            self.writer.write(f"history/products_{name}.csv", Block("products", moved))
        if is_written and len(rows):
            self.writer.write(f"history/customer_details_{name}.csv", records)

    def _day(self, day: int, *, is_written: bool) -> None:
        folder = self.calendar.names[day]
        daily = day - self.options.history_days
        if daily == RENAMED_ON:
            store = self.stores.rename(self.stores.count // 2)
            if is_written:
                self.writer.write(f"{folder}/stores.csv", Block("stores", store))
        starting = np.flatnonzero(self.promotions.start == day)
        if len(starting) and (day or self.options.history_days):
            columns = self.promotions.columns(starting, self.calendar)
            block = self.spoiler.rows(PROMOTIONS, columns, day)
            if is_written:
                self.writer.write(f"{folder}/promotion_details.csv", block)
        if day or self.options.history_days:
            self._daily_customers(folder, day, is_written=is_written)
            self._daily_products(folder, day, is_written=is_written)
        self._daily_sales(folder, day, is_written=is_written)
        self._inventory(f"{folder}/store_inventory.csv", [day], is_written=is_written)

    def _daily_sales(self, folder: str, day: int, *, is_written: bool) -> None:
        """The day's sales but those of late stores, and late files of the days before."""
        needed = is_written or self.late.concerns(day, self.only_day)
        for block in self.till.block(day, day, is_written=needed):
            on_time = self.late.hold_back(block, day) if block.data_set != EVENTS else block
            if is_written:
                path = f"{folder}/{block.data_set}.csv"
                self.writer.write(path, on_time, free_text=block.data_set == EVENTS)
        for held in self.late.arriving(day):
            if not is_written:
                continue
            with self.writer.file(
                f"{folder}/{held.name}", held.block.data_set, free_text=False
            ) as file:
                self.writer.add(file, held.block)
            if self.writer.truth:
                self.writer.truth.late(f"{folder}/{held.name}", held, is_delivered=True)

    def _daily_customers(self, folder: str, day: int, *, is_written: bool) -> None:
        """Those who join today and records changed since yesterday, as of this morning."""
        rng = stream(self.options.seed, "customer changes", day)
        expected = self.options.customers * CUSTOMER_CHANGES
        changed = self.customers.change(rng, day, expected)
        rows = np.concatenate([changed, np.flatnonzero(self.population.joins == day)])
        block = self.customers.block(rows, self._early(np.full(len(rows), day), rng))
        if is_written:
            self.writer.write(f"{folder}/customer_details.csv", block)

    def _early(self, days: IntArray, rng: np.random.Generator) -> TextArray:
        """Moments after six o'clock in the morning of the days."""
        clock = numbered("T06:%02d:00", rng.integers(0, 60, len(days)))
        return texts(
            name + time for name, time in zip(self.calendar.names[days], clock, strict=True)
        )

    def _daily_products(self, folder: str, day: int, *, is_written: bool) -> None:
        rng = stream(self.options.seed, "price changes", day)
        self.assortment.change_prices(rng, PRICE_CHANGES)
        columns = self.assortment.columns(self.stock.levels(day))
        if is_written:
            same = np.all([columns[name] == self.old_products[name] for name in columns], axis=0)
            self.unchanged["products"] = self.unchanged.get("products", 0) + int(same.sum())
            self.writer.write(f"{folder}/products.csv", Block("products", columns))
        self.old_products = columns

    def _inventory(self, path: str, days: list[int], *, is_written: bool) -> None:
        """Stock counts, day after day: all days of a long history at once would fill the memory."""
        if not is_written:
            counts = self.stores.count * len(self.stock.counted)
            self.spoiler.skip(INVENTORY, counts * len(days))
            return
        with self.writer.file(path, INVENTORY) as file:
            for day in days:
                columns = self.stock.columns(day, self.calendar, self.stores, self.assortment)
                self.writer.add(file, self.spoiler.rows(INVENTORY, columns, day))
