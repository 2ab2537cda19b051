"""Generated data at demo size, clean and with defects, made once a session."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from seeds_generator import PRESETS, GeneratedFiles, GeneratorOptions, generate

Row = Mapping[str, str]
DEMO = replace(PRESETS["demo"], late_rate=0.0, outlier_rate=0.0)


HEADERS, LINES = "store_sales_header", "store_sales_line_items"
SHOP = GeneratorOptions(
    history_days=180,
    days=7,
    customers=6000,
    stores=20,
    promotions=14,
    defect_rate=0,
    outlier_rate=0.0005,
    late_rate=0.2,
    seed=5,
)


@dataclass(frozen=True)
class Delivered:
    """A generated delivery and all its rows by data set, in order of delivery."""

    options: GeneratorOptions
    files: GeneratedFiles
    rows: Mapping[str, list[Row]]


def read(options: GeneratorOptions, out: Path, truth: Path | None = None) -> Delivered:
    """Generates a delivery and reads it back."""
    files = generate(options, out, truth=truth)
    rows: dict[str, list[Row]] = defaultdict(list)
    for file in files.files:
        with file.path.open(encoding="utf-8", newline="") as stream:
            found = list(csv.DictReader(stream, strict=True))
        assert len(found) == file.rows, file.path
        assert all(None not in row and None not in row.values() for row in found), file.path
        rows[file.data_set] += found
    return Delivered(options, files, rows)


@dataclass(frozen=True)
class Known:
    """A delivery, read back, and the tables of its truth."""

    delivered: Delivered
    folder: Path

    def table(self, name: str) -> list[Row]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    @property
    def sales(self) -> list[Row]:
        """Headers of sales."""
        return [row for row in self.delivered.rows[HEADERS] if row["transaction_type"] == "SALE"]

    @property
    def outliers(self) -> set[tuple[str, str]]:
        """Transaction and line of the records that outliers.csv points at."""
        places: dict[str, set[int]] = defaultdict(set)
        for row in self.table("outliers"):
            places[row["file"]].add(int(row["record"]))
        found = set()
        for file in self.delivered.files.files:
            name = f"{file.path.parent.name}/{file.path.name}"
            if name in places:
                with file.path.open(encoding="utf-8", newline="") as stream:
                    rows = list(csv.DictReader(stream))
                found |= {
                    (rows[number - 1]["transaction_id"], rows[number - 1]["line_item_id"])
                    for number in places[name]
                }
        return found

    def visits(self) -> dict[str, list[Row]]:
        """Sales by customer: named, or by a phone that belongs to one customer alone."""
        owners: dict[str, set[str]] = defaultdict(set)
        for row in self.delivered.rows["customer_details"]:
            owners[row["customer_phone"]].add(row["customer_id"])
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.sales:
            of_phone = owners.get(row["customer_phone"], set())
            if row["customer_id"]:
                found[row["customer_id"]].append(row)
            elif len(of_phone) == 1:
                found[next(iter(of_phone))].append(row)
        return found


def day(row: Row) -> date:
    """The day of a header."""
    return date.fromisoformat(row["transaction_date"][:10])


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A shop of 6,000 customers whose truth is known."""
    folder = tmp_path_factory.mktemp("truth")
    return Known(read(SHOP, folder / "out", truth=folder / "truth"), folder / "truth")


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """Demo size without defects."""
    yield read(replace(DEMO, defect_rate=0), tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """Demo size with three times the usual defects."""
    yield read(replace(DEMO, defect_rate=0.03), tmp_path_factory.mktemp("spoilt"))
