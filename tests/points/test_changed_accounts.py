"""Builds of changed accounts only: every day the figures of the reference, and few accounts."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.points import marts
from tests.points.histories import History, random_history
from tests.points.reference.account import accounts
from tests.points.reference.model import Settings

SETTINGS = Settings(pending_days=5)
DAY = dt.timedelta(days=1)
FIRST = dt.date(2025, 5, 29)
CHANGED = "select count(*) filter (where is_changed), count(*) from marts.points_accounts"
OF_LAST_BUILD = (
    "select model from ops.account_builds where build_id <> (select build_id"
    " from ops.account_builds where model = 'points_accounts')"
)


@pytest.fixture
def history() -> History:
    return random_history(21, 40)


@pytest.fixture
def warehouse(history: History, new_database: NewDatabase, tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = Warehouse(new_database(), tmp_path)
    history.load(warehouse)
    yield warehouse
    warehouse.close()


def test_day_after_day_equals_the_reference(history: History, warehouse: Warehouse) -> None:
    # Into the 1st of a month, on which lots expire; over a month end, on which tiers are reviewed.
    counts = []
    for day in (FIRST, FIRST + DAY, FIRST + 2 * DAY, FIRST + 3 * DAY, FIRST + 33 * DAY):
        marts.build_points(warehouse, day, SETTINGS)
        expected = list(accounts(history.shop, day, SETTINGS))
        marts.assert_equal(warehouse, expected, day, "changed accounts")
        counts += warehouse.rows(CHANGED)
    assert counts[0][0] == counts[0][1]
    assert all(0 < changed < everyone for changed, everyone in counts[1:4])
    built = warehouse.marts()
    marts.build_points(warehouse, day, SETTINGS, "--full-refresh")
    ((changed, everyone),) = warehouse.rows(CHANGED)
    assert changed == everyone >= counts[-1][1]
    assert _differing(warehouse.marts(), built) == {}


def test_an_earlier_day_other_settings_and_other_rules_build_all(
    history: History, warehouse: Warehouse
) -> None:
    def build(day: dt.date, settings: Settings) -> bool:
        marts.build_points(warehouse, day, settings)
        expected = list(accounts(history.shop, day, settings))
        marts.assert_equal(warehouse, expected, day, "all accounts")
        ((changed, everyone),) = warehouse.rows(CHANGED)
        return bool(changed == everyone)

    assert build(FIRST, SETTINGS)
    assert not build(FIRST, SETTINGS)
    assert build(FIRST - DAY, SETTINGS)
    assert build(FIRST, Settings(pending_days=5, rounding="ceil"))
    warehouse.execute("update clean.loyalty_rules set bonus_points = bonus_points + 1")
    warehouse.dbt("run", "--select", "points_accounts", business_date=FIRST)
    ((changed, everyone),) = warehouse.rows(CHANGED)
    assert changed == everyone


def test_what_a_build_left_undone_the_next_one_does(history: History, warehouse: Warehouse) -> None:
    marts.build_points(warehouse, FIRST, SETTINGS)
    half = ("--exclude", "points_movements+")
    marts.build_points(warehouse, FIRST + 3 * DAY, SETTINGS, *half)
    assert ("points_lots",) in warehouse.rows(OF_LAST_BUILD)
    marts.build_points(warehouse, FIRST + 3 * DAY, SETTINGS)
    assert warehouse.rows(OF_LAST_BUILD) == []
    expected = list(accounts(history.shop, FIRST + 3 * DAY, SETTINGS))
    marts.assert_equal(warehouse, expected, FIRST + 3 * DAY, "after half a build")
    ((changed, everyone),) = warehouse.rows(CHANGED)
    assert 0 < changed < everyone


def test_who_is_gone_leaves_nothing(history: History, warehouse: Warehouse) -> None:
    marts.build_points(warehouse, FIRST, SETTINGS)
    (customer,) = warehouse.rows("select min(customer_id) from marts.points_ledger")[0]
    hide = (
        "update ops.load_batches set status = '%s' where data_set = 'points_events'"
        " or batch_id in (select _batch_id from marts.points_ledger where customer_id = '%s')"
    )
    warehouse.execute(hide % ("superseded", customer))
    marts.build_points(warehouse, FIRST, SETTINGS)
    built = warehouse.marts()
    marts.build_points(warehouse, FIRST, SETTINGS, "--full-refresh")
    assert _differing(warehouse.marts(), built) == {}


def _differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    """Rows that only one of two builds has, by mart; points_accounts tells of its own build."""
    names = (one.keys() | other.keys()) - {"points_accounts"}
    found = {name: sorted(set(one[name]) ^ set(other[name])) for name in names}
    return {name: rows for name, rows in found.items() if rows}
