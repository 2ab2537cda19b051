"""The generator's one entry point: a history drop and daily drops in the input contract."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from seeds_generator.arrays import IntArray, TextArray, blanks, numbered, stream, texts
from seeds_generator.baskets import Market
from seeds_generator.calendar import build_calendar
from seeds_generator.csv_writer import CsvFile, write_csv
from seeds_generator.customers import Customers
from seeds_generator.defects import Defects
from seeds_generator.loyalty import rule_columns
from seeds_generator.options import GeneratorOptions
from seeds_generator.population import build_population
from seeds_generator.products import build_assortment
from seeds_generator.promotions import build_promotions
from seeds_generator.result import GeneratedFiles, WrittenFile
from seeds_generator.stock import build_stock
from seeds_generator.stores import build_stores
from seeds_generator.till import Till

logger = logging.getLogger(__name__)

BLOCK_HEADERS = 40_000  # headers made at a time: what bounds the memory
LONGEST_BLOCK = 31  # days
PRICE_CHANGES = 0.03  # of the products, a day
CUSTOMER_CHANGES = 0.004  # of the customers, a day
RENAMED_ON = 2  # daily day (0 the first) on which a store gets a new name
BLEMISHES = 0.1  # spoilt incomes and birth dates each, per customer and defect rate


def generate(options: GeneratorOptions, out: Path) -> GeneratedFiles:
    """Write the files of ``options`` below ``out`` and return what they hold.

    ``out/history`` is one drop: masters named after its first day, sales after its last.
    ``out/YYYY-MM-DD`` is one drop a day. Files of the same name are replaced, others left alone.
    The same options give the same bytes. Raises OSError where ``out`` cannot be written.
    """
    started = time.perf_counter()
    result = _Generator(options, out).run()
    logger.info(
        "generated %d files, %d headers, %d lines, %d defects in %.1f s",
        len(result.files),
        result.rows("store_sales_header"),
        result.rows("store_sales_line_items"),
        sum(result.defects.values()),
        time.perf_counter() - started,
    )
    return result


class _Generator:
    """One run: the world, the till and the files written so far."""

    def __init__(self, options: GeneratorOptions, out: Path) -> None:
        self.options = options
        self.out = out
        self.calendar = build_calendar(options)
        self.stores = build_stores(options, self.calendar)
        self.assortment = build_assortment(options)
        self.population = build_population(options, self.calendar, self.stores)
        self.customers = Customers(options, self.calendar, self.stores, self.population)
        self.promotions = build_promotions(options, self.calendar, self.stores)
        self.stock = build_stock(options, self.calendar, self.stores, self.assortment)
        self.defects = Defects(options.defect_rate, stream(options.seed, "defects"))
        market = Market(
            self.calendar,
            self.stores,
            self.assortment,
            self.population,
            self.promotions,
            self.stock,
            self.customers.strangers,
        )
        self.till = Till(options, market, self.customers, self.defects)
        self.files: list[WrittenFile] = []
        self.unchanged: dict[str, int] = {}

    def run(self) -> GeneratedFiles:
        self._history()
        for day in range(self.options.history_days, self.options.total_days):
            self._daily(day)
        return GeneratedFiles(
            files=tuple(self.files),
            defects=dict(sorted(self.defects.counts.items())),
            unchanged_versions=self.unchanged,
            promotions=self.promotions.truth(self.calendar, self.stores),
        )

    def _history(self) -> None:
        folder = self.out / "history"
        last = self.options.history_days - 1
        self._history_masters(folder)
        names = self.calendar.names
        with ExitStack() as stack:
            files = {
                data_set: stack.enter_context(
                    CsvFile(folder / f"{data_set}_{names[last]}.csv", data_set)
                )
                for data_set in self.till.DATA_SETS
            }
            length = self._block_length()
            for first in range(0, last + 1, length):
                block = self.till.block(first, min(first + length - 1, last))
                for data_set, columns in block.items():
                    files[data_set].write(columns)
        self.files += [file.written() for file in files.values()]
        weekly = list(range(last % 7, last + 1, 7))
        self._inventory(folder / f"store_inventory_{names[last]}.csv", weekly)

    def _history_masters(self, folder: Path) -> None:
        """Everybody who joins during the history is in its customer file, with no points."""
        first_name = self.calendar.names[0]
        if self.options.defect_rate > 0:
            each = max(round(self.options.customers * self.options.defect_rate * BLEMISHES), 1)
            rng = stream(self.options.seed, "blemishes")
            self.defects.counts.update(self.customers.blemish(rng, each))
        known = np.flatnonzero(self.population.joins < self.options.history_days)
        running = np.flatnonzero(self.promotions.start < self.options.history_days)
        self.old_products = self.assortment.columns(self.stock.levels(0).sum(axis=0))
        masters = {
            "stores": self.stores.columns(),
            "products": self.old_products,
            "customer_details": self.customers.columns(known, blanks(len(known))),
            "loyalty_rules": rule_columns(self.options.first_day),
        }
        if len(running):
            masters["promotion_details"] = self.promotions.columns(running, self.calendar)
        for data_set, columns in masters.items():
            self._write(folder / f"{data_set}_{first_name}.csv", data_set, columns)

    def _daily(self, day: int) -> None:
        folder = self.out / self.calendar.names[day]
        daily = day - self.options.history_days
        if daily == RENAMED_ON:
            store = self.stores.count // 2
            self._write(folder / "stores.csv", "stores", self.stores.rename(store))
        starting = np.flatnonzero(self.promotions.start == day)
        if len(starting):
            columns = self.promotions.columns(starting, self.calendar)
            self._write(folder / "promotion_details.csv", "promotion_details", columns)
        self._daily_customers(folder, day)
        self._daily_products(folder, day)
        for data_set, columns in self.till.block(day, day).items():
            with CsvFile(folder / f"{data_set}.csv", data_set) as file:
                file.write(columns)
            self.files.append(file.written())
        self._inventory(folder / "store_inventory.csv", [day])

    def _daily_customers(self, folder: Path, day: int) -> None:
        """Those who join today and records changed since yesterday, as of this morning."""
        rng = stream(self.options.seed, "customer changes", day)
        expected = self.options.customers * CUSTOMER_CHANGES
        changed = self.customers.change(rng, day, expected)
        rows = np.concatenate([changed, np.flatnonzero(self.population.joins == day)])
        modified_at = self._early_today(day, rng.integers(0, 60, len(rows)))
        columns = self.customers.columns(rows, modified_at)
        self._write(folder / "customer_details.csv", "customer_details", columns)

    def _early_today(self, day: int, minutes: IntArray) -> TextArray:
        name = self.calendar.names[day]
        return texts([f"{name}T" + clock for clock in numbered("06:%02d:00", minutes)])

    def _daily_products(self, folder: Path, day: int) -> None:
        rng = stream(self.options.seed, "price changes", day)
        self.assortment.change_prices(rng, PRICE_CHANGES)
        columns = self.assortment.columns(self.stock.levels(day).sum(axis=0))
        same = np.all([columns[name] == self.old_products[name] for name in columns], axis=0)
        self.unchanged["products"] = self.unchanged.get("products", 0) + int(same.sum())
        self.old_products = columns
        self._write(folder / "products.csv", "products", columns)

    def _inventory(self, path: Path, days: list[int]) -> None:
        columns = self.stock.columns(days, self.calendar, self.stores, self.assortment)
        self._write(path, "store_inventory", columns)

    def _write(self, path: Path, data_set: str, columns: dict[str, TextArray]) -> None:
        self.files.append(write_csv(path, data_set, columns))

    def _block_length(self) -> int:
        """Days of history made at a time; it depends on the options alone."""
        per_day = max(float(self.population.rate.sum()), 1.0)
        return max(1, min(LONGEST_BLOCK, int(BLOCK_HEADERS / per_day)))
