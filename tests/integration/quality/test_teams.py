"""Files of three independent teams: nothing is rejected that the design accepts.

The expected rejects are written down, and computed once more from the files with the csv module.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing import ingest
from loyalty_lens.worker import Worker
from tests.integration.quality.warehouse import Warehouse

TEAMS = Path(__file__).resolve().parents[4] / "shared" / "data" / "teams"
HEADER, LINES = "store_sales_header", "store_sales_line_items"

# (data set, rule) -> rows; exact duplicates per data set
EXPECTED: dict[str, tuple[dict[tuple[str, str], int], dict[str, int]]] = {
    "team_a": (
        {
            (HEADER, "missing_field"): 216,
            (LINES, "header_rejected"): 560,
            (LINES, "missing_field"): 2,
            (LINES, "missing_key"): 2,
            (LINES, "negative_amount"): 1358,
            (LINES, "quantity_not_positive"): 1358,
            (LINES, "unknown_product"): 343,
        },
        {HEADER: 96},
    ),
    "team_b": ({(LINES, "missing_field"): 3, (LINES, "negative_amount"): 1}, {}),
    "team_c": (
        {
            (HEADER, "missing_field"): 1,
            (HEADER, "negative_amount"): 1,
            (HEADER, "unknown_customer"): 2,
            (HEADER, "unknown_store"): 1,
            (LINES, "header_missing"): 1,
            (LINES, "header_rejected"): 6,
            (LINES, "missing_field"): 1,
            (LINES, "negative_amount"): 1,
            (LINES, "unknown_product"): 2,
        },
        {},
    ),
}

pytestmark = pytest.mark.skipif(not TEAMS.is_dir(), reason="../shared/data/teams is not here")


@dataclass
class Judged:
    """What an independent reading of the rules makes of a team's sales."""

    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)


def read(team: str, data_set: str) -> list[dict[str, str | None]]:
    with (TEAMS / team / f"{data_set}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {
            name: cleaned(row.get(column.name), column.type)
            for column in load_data_sets()[data_set].columns
            for name in (column.name,)
        }
        for row in rows
    ]


def cleaned(text: str | None, type_: str) -> str | None:
    text = (text or "").strip()
    if text.upper() in ("", "NULL", "NAN", "N/A"):
        return None
    if type_ in ("id", "phone"):
        return re.sub(r"^(\d+)\.0+$", r"\1", text)
    if type_ in ("number", "integer"):
        try:
            return str(Decimal(text.replace(",", "")).normalize())
        except InvalidOperation:
            return text
    return text


def is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def ids(team: str, data_set: str) -> set[str | None]:
    key = load_data_sets()[data_set].key[0]
    return {row[key] for row in read(team, data_set)} - {None}


def judged(team: str) -> Judged:
    result = Judged()
    stores, customers = ids(team, "stores"), ids(team, "customer_details")
    products = ids(team, "products")
    accepted, delivered = set[str | None](), set[str | None]()
    seen = set[tuple[str | None, ...]]()
    for row in read(team, HEADER):
        delivered.add(row["transaction_id"])
        if tuple(row.values()) in seen:
            result.duplicates[HEADER] += 1
            continue
        seen.add(tuple(row.values()))
        rules = header_rules(row, stores, customers)
        if not rules and row["transaction_id"] in accepted:
            rules = {"duplicate_key"}
        if not rules:
            accepted.add(row["transaction_id"])
        result.rejected.update((HEADER, rule) for rule in rules)
    keys = set[tuple[str | None, ...]]()
    for row in read(team, LINES):
        if tuple(row.values()) in seen:
            result.duplicates[LINES] += 1
            continue
        seen.add(tuple(row.values()))
        rules = line_rules(row, products)
        header = row["transaction_id"]
        if header is not None and header not in accepted:
            rules.add("header_rejected" if header in delivered else "header_missing")
        key = (header, row["line_item_id"])
        if not rules and key in keys:
            rules = {"duplicate_key"}
        if not rules:
            keys.add(key)
        result.rejected.update((LINES, rule) for rule in rules)
    return result


def header_rules(
    row: dict[str, str | None], stores: set[str | None], customers: set[str | None]
) -> set[str]:
    rules = set()
    if row["transaction_id"] is None:
        rules.add("missing_key")
    if None in (row["store_id"], row["transaction_date"], row["total_amount"]):
        rules.add("missing_field")
    if row["transaction_date"] and not is_date(row["transaction_date"]):
        rules.add("bad_date")
    if row["total_amount"] and Decimal(row["total_amount"]) < 0:
        rules.add("negative_amount")
    if row["store_id"] and row["store_id"] not in stores:
        rules.add("unknown_store")
    if row["customer_id"] and row["customer_id"] not in customers:
        rules.add("unknown_customer")
    return rules


def line_rules(row: dict[str, str | None], products: set[str | None]) -> set[str]:
    rules = set()
    if None in (row["transaction_id"], row["line_item_id"]):
        rules.add("missing_key")
    if None in (row["product_id"], row["quantity"], row["line_item_amount"]):
        rules.add("missing_field")
    if row["product_id"] and row["product_id"] not in products:
        rules.add("unknown_product")
    if row["quantity"] and Decimal(row["quantity"]) <= 0:
        rules.add("quantity_not_positive")
    if row["line_item_amount"] and Decimal(row["line_item_amount"]) < 0:
        rules.add("negative_amount")
    return rules


@pytest.mark.parametrize("team", EXPECTED)
def test_team_files_lose_only_what_the_rules_name(
    new_database: Callable[[], str], gx_worker: Worker, team: str
) -> None:
    warehouse = Warehouse(new_database(), gx_worker)
    landed = ingest(warehouse.url, TEAMS / team, supersede_limit=Decimal("0.2"))
    assert len(landed.loaded) == len(list((TEAMS / team).glob("*.csv")))
    report = warehouse.judge()
    duplicates = {
        name: counts.duplicates for name, counts in report.data_sets.items() if counts.duplicates
    }
    independent = judged(team)
    assert (report.rejected, duplicates) == (independent.rejected, independent.duplicates)
    assert (report.rejected, duplicates) == EXPECTED[team]
    warehouse.check_counts()
