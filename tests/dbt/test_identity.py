"""Merged customers and phones that appear: the marts of a world in which it was so all along."""

import copy
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_lens.errors import PointsError
from loyalty_lens.points.explain import explain
from loyalty_lens.settings import Settings
from tests.conftest import NewDatabase
from tests.dbt.histories import FIRST_DAY, History, random_history
from tests.dbt.warehouse import NO_TESTS, Warehouse

KEPT, GONE = "C1", "C3"
PHONE = "31612345678"
LAST = FIRST_DAY + dt.timedelta(days=95)
CHANGED = "select customer_id from marts.points_accounts where is_changed order by 1"


@pytest.fixture(scope="module")
def history() -> History:
    """500 sales, every eighth of a guest who gives a phone."""
    history = random_history(11, 500)
    named = {event.get("transaction_id") for event in history.events}
    for header in history.headers:
        sale = header.get("original_transaction_id") or header["transaction_id"]
        if int(sale[1:]) % 8 == 0 and sale not in named:
            header |= {"customer_id": None, "customer_phone": PHONE, "points_redeemed": None}
    return history


@pytest.fixture(scope="module")
def warehouse(
    history: History, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("identity"))
    history.load(warehouse)
    warehouse.build(LAST)
    yield warehouse
    warehouse.close()


def built(warehouse: Warehouse, *more: str) -> dict[str, list[str]]:
    """The marts after a build of what has changed."""
    warehouse.dbt("build", *NO_TESTS, *more, business_date=LAST)
    return warehouse.marts()


def merge(warehouse: Warehouse, into: str | None, day: dt.date = LAST) -> None:
    row = {"customer_id": GONE, "merged_into": into, "reason": "moved house"}
    warehouse.load("customer_merges", [row], file_date=day)


def as_one(history: History) -> History:
    """The history of a shop that knew both under one number."""
    other = copy.deepcopy(history)
    points = {row["customer_id"]: row["total_loyalty_points"] or 0 for row in other.customers}
    other.customers = [row for row in other.customers if row["customer_id"] != GONE]
    for row in other.customers:
        if row["customer_id"] == KEPT:
            row["total_loyalty_points"] = points[KEPT] + points[GONE]
    for row in [*other.headers, *other.events]:
        if row["customer_id"] == GONE:
            row["customer_id"] = KEPT
    return other


def differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    """The first rows that only one of two worlds has, by mart."""
    assert one.keys() == other.keys()
    found = {name: sorted(set(one[name]) ^ set(other[name]))[:4] for name in one}
    return {name: rows for name, rows in found.items() if rows}


def test_merged_customers_were_one_all_along_until_the_merge_ends(
    warehouse: Warehouse, history: History, new_database: NewDatabase, tmp_path: Path
) -> None:
    before = warehouse.marts()
    merge(warehouse, KEPT)
    merged = built(warehouse)
    assert warehouse.rows(CHANGED) == [(KEPT,), (GONE,)]
    assert warehouse.rows(
        f"select count(*) from marts.points_ledger where customer_id = '{GONE}'"
    ) == [(0,)]
    assert differing(built(warehouse, "--full-refresh"), merged) == {}
    other = Warehouse(new_database(), tmp_path)
    try:
        as_one(history).load(other)
        other.build(LAST)
        assert differing(other.marts(), merged) == {}
    finally:
        other.close()
    merge(warehouse, None)
    assert differing(built(warehouse), before) == {}
    assert warehouse.rows(CHANGED) == [(KEPT,), (GONE,)]


def test_a_phone_that_appears_brings_its_guest_sales_along(warehouse: Warehouse) -> None:
    guests = (
        "select count(*), sum(total_amount) from clean.sales"
        f" where customer_phone = '{PHONE}' and is_guest"
    )
    ((count, amount),) = warehouse.rows(guests)
    assert count > 10
    row = "select status, customer_id, attributed_count, spend_amount from marts.new_customers"
    assert warehouse.rows(row) == [("open", None, 0, amount)]
    day = LAST - dt.timedelta(days=1)
    customer = {"customer_id": "C5", "customer_phone": PHONE, "customer_since": FIRST_DAY}
    warehouse.load("customer_details", [customer], file_date=day)
    after = built(warehouse)
    assert warehouse.rows(guests) == [(0, None)]
    assert warehouse.rows(row) == [("closed", "C5", count, amount)]
    assert warehouse.rows("select closed_date from marts.new_customers") == [(day,)]
    assert ("C5",) in warehouse.rows(CHANGED)
    assert len(warehouse.rows(CHANGED)) == 1
    assert differing(built(warehouse, "--full-refresh"), after) == {}


def test_past_sales_of_guests_may_be_left_to_them(warehouse: Warehouse) -> None:
    own = warehouse.rows("select count(*) from clean.sales where delivered_customer_id = 'C5'")
    warehouse.dbt(
        "build", *NO_TESTS, "--vars", f"{{past_guest_sales: leave, business_date: {LAST}}}"
    )
    assert warehouse.rows("select count(*) from clean.sales where customer_id = 'C5'") == own
    assert warehouse.rows("select status, attributed_count from marts.new_customers") == [
        ("closed", 0)
    ]


def test_everything_delivered_can_still_be_traced(warehouse: Warehouse) -> None:
    merge(warehouse, KEPT)
    built(warehouse)
    assert warehouse.rows(
        "select customer_id, delivered_customer_id, count(*) > 0 from clean.sales"
        f" where delivered_customer_id = '{GONE}' group by 1, 2"
    ) == [(KEPT, GONE, True)]
    assert warehouse.rows(
        f"select count(*) > 0 from clean.customer_history where customer_id = '{GONE}'"
    ) == [(True,)]
    with pytest.raises(PointsError, match=f"'{GONE}' was merged into '{KEPT}'"):
        explain(Settings.from_environment({}), warehouse.url, GONE, None)
