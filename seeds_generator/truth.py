"""What was planted, as CSV files beside the data: ``lens generate --truth DIR``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from seeds_generator.affinities import Affinities
from seeds_generator.arrays import FloatArray, IntArray, TextArray, blanks, date_text, texts
from seeds_generator.categories import CATEGORIES
from seeds_generator.csv_writer import CsvFile, write_csv
from seeds_generator.customers import Customers
from seeds_generator.defects import OUTLIER
from seeds_generator.demographics import is_minor
from seeds_generator.late import Held
from seeds_generator.market import Market
from seeds_generator.options import GeneratorOptions
from seeds_generator.parameters import true_parameters
from seeds_generator.population import NEVER
from seeds_generator.result import PromotionTruth
from seeds_generator.spoiling import Planted

PLANTED = ("file", "record", "data_set", "rule", "outcome", "kind")
PROMOTIONS = (
    "promotion_id",
    "category",
    "start_date",
    "end_date",
    "discount",
    "uplift",
    "dip",
    "dip_days",
    "store_ids",
    "overlaps",
    "effective_uplift",
    "effective_dip",
)
LATE = ("file", "data_set", "business_date", "store_id", "days_late", "is_delivered")
Rows = Sequence[tuple[str, ...]]


class Truth:
    """Writes the truth below a folder, block by block where it grows with the data.

    ``out`` is the folder of the data: files are named below it.
    """

    def __init__(self, folder: Path, out: Path) -> None:
        self._folder = folder
        self._out = out
        self._late: list[tuple[str, ...]] = []
        self._planted = CsvFile(folder / "defects.csv", "defects", free_text=True)
        self._outliers = CsvFile(folder / "outliers.csv", "outliers", free_text=True)

    def __enter__(self) -> Self:
        self._planted.__enter__()
        self._outliers.__enter__()
        for file in (self._planted, self._outliers):
            file.write(_columns(PLANTED, []))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._planted.__exit__(kind, error, trace)
        self._outliers.__exit__(kind, error, trace)

    def planted(self, file: CsvFile, planted: tuple[Planted, ...]) -> None:
        """Rows about to be added to a file: records count from 1 below the header row."""
        name = file.path.relative_to(self._out).as_posix()
        for target, wanted in ((self._outliers, True), (self._planted, False)):
            rows = [
                (name, str(file.rows + p.row + 1), file.data_set, p.rule, p.outcome, p.kind)
                for p in planted
                if (p.outcome == OUTLIER) == wanted
            ]
            target.write(_columns(PLANTED, rows))

    def late(self, name: str, held: Held, *, is_delivered: bool) -> None:
        """A file that comes after its day, or would come after the last day that is written."""
        flag = "true" if is_delivered else "false"
        self._late.append(
            (name, held.block.data_set, held.day_name, held.store_id, str(held.days_late), flag)
        )

    def close(
        self,
        options: GeneratorOptions,
        market: Market,
        customers: Customers,
        promotions: tuple[PromotionTruth, ...],
        mean_spend: FloatArray,
    ) -> None:
        """Everything that is known only at the end, or all the time."""
        tables = {
            "late_files": _columns(LATE, self._late),
            "promotions": _promotions(promotions),
            "customers": _customers(market, customers, mean_spend),
            "affinities": _affinities(market.affinities, market),
            "identities": _identities(market, customers),
            "stockouts": _stockouts(market),
        }
        for name, columns in tables.items():
            write_csv(self._folder / f"{name}.csv", name, columns)
        joined = market.population.joins < market.calendar.total
        parameters = true_parameters(options, mean_spend[joined])
        text = json.dumps(parameters, indent=2, default=str) + "\n"
        (self._folder / "parameters.json").write_text(text, encoding="utf-8")


def _customers(
    market: Market, customers: Customers, mean_spend: FloatArray
) -> dict[str, TextArray]:
    """One row per customer who joined by the last written day."""
    population, calendar = market.population, market.calendar
    rows = np.flatnonzero(population.joins < calendar.total)
    dropped = population.dropped[rows]
    categories = texts(category.name for category in CATEGORIES)
    gone = (dropped != NEVER) & (dropped < calendar.total)
    return {
        "customer_id": customers.ids[rows],
        "joined_on": np.where(
            population.is_joiner[rows], date_text(population.joins[rows], calendar.origin), ""
        ),
        "purchases_a_day": _decimals(population.rate[rows]),
        "dropout_probability": _decimals(population.dropout[rows]),
        "dropped_on": np.where(gone, date_text(np.maximum(dropped, 0), calendar.origin), ""),
        "mean_lines": _decimals(population.lines[rows]),
        "mean_spend": _decimals(mean_spend[rows]),
        "home_store_id": market.stores.ids[population.home[rows]],
        "favourite_category": categories[population.favourite[rows]],
        "is_minor": np.where(is_minor(customers.ages[rows]), "true", "false"),
    }


def _promotions(promotions: tuple[PromotionTruth, ...]) -> dict[str, TextArray]:
    return _columns(
        PROMOTIONS,
        [
            (
                entry.promotion_id,
                entry.category,
                str(entry.start),
                str(entry.end),
                str(entry.discount),
                str(entry.uplift),
                f"{entry.dip:.6g}",
                str(entry.dip_days),
                ";".join(entry.stores),
                ";".join(entry.overlaps),
                *(f"{value:.6g}" for value in entry.effective),
            )
            for entry in promotions
        ],
    )


def _affinities(affinities: Affinities, market: Market) -> dict[str, TextArray]:
    rows = affinities.pairs
    return {
        "product_id": market.assortment.ids[rows],
        "companion_id": market.assortment.ids[affinities.companion[rows]],
        "probability": _decimals(affinities.probability[rows]),
    }


def _identities(market: Market, customers: Customers) -> dict[str, TextArray]:
    """Two records of one person: a second registration, or a guest's phone that registers."""
    ids, found = customers.ids, customers.identities
    origin = market.calendar.origin
    rows: list[tuple[str, ...]] = [
        (f"same {'phone' if shares else 'e-mail'}", ids[second], ids[first], "", "")
        for first, second, shares in zip(
            found.first.tolist(), found.second.tolist(), found.shares_phone, strict=True
        )
    ]
    joined = date_text(market.population.joins[found.registered], origin).tolist()
    rows += [
        ("guest registers", ids[row], "", customers.phones[row], day)
        for row, day in zip(found.registered.tolist(), joined, strict=True)
        if market.population.joins[row] < market.calendar.total
    ]
    return _columns(("kind", "customer_id", "same_as", "phone", "registered_on"), rows)


def _stockouts(market: Market) -> dict[str, TextArray]:
    store, product, first, last = market.stock.spells(market.calendar.total - 1)
    names = market.calendar.names
    return {
        "store_id": market.stores.ids[store],
        "product_id": market.assortment.ids[product],
        "first_day": names[first],
        "last_day": names[last],
    }


def _columns(names: tuple[str, ...] | list[str], rows: Rows) -> dict[str, TextArray]:
    if not rows:
        return {name: blanks(0) for name in names}
    return dict(zip(names, (texts(column) for column in zip(*rows, strict=True)), strict=True))


def _decimals(values: FloatArray | IntArray) -> TextArray:
    return texts(f"{value:.6g}" for value in values.tolist())
