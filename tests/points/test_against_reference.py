"""SQL = reference, to the point, for every customer; in any order of delivery = full refresh."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.points import marts
from tests.points.histories import END, START, History, random_history
from tests.points.reference.account import accounts
from tests.points.reference.model import Settings

STRICT = Settings(
    pending_days=14, expiry="calendar_year", rounding="round", reverse_threshold_bonus=True
)
SHORT = Settings(pending_days=45, validity_months=1, rounding="ceil", point_cost=Decimal("0.05"))
# Seed, customers, and what is built: an as-of date under settings.
SAMPLE = (1, 60, [(dt.date(2024, 7, 31), STRICT)])
FULL_DATES = (START, dt.date(2023, 2, 28), dt.date(2024, 2, 29), dt.date(2025, 3, 14), END)
FULL = (
    2,
    1000,
    [*((day, Settings()) for day in FULL_DATES), (END, STRICT), (dt.date(2025, 2, 10), SHORT)],
)
MORE = [
    (seed, 1000, [(END, settings)]) for seed, settings in enumerate((STRICT, SHORT, Settings()), 3)
]


@dataclass
class Case:
    """A shop in a warehouse, and what is to be built of it."""

    history: History
    warehouse: Warehouse
    builds: list[tuple[dt.date, Settings]]


@pytest.fixture(
    scope="module",
    params=[SAMPLE, *(pytest.param(case, marks=pytest.mark.full) for case in (FULL, *MORE))],
    ids=lambda case: f"seed {case[0]}, {case[1]} customers",
)
def case(
    request: pytest.FixtureRequest,
    new_database: NewDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    seed, customers, builds = request.param
    history = random_history(seed, customers)
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    history.load(warehouse)
    yield Case(history, warehouse, builds)
    warehouse.close()


def test_sql_equals_the_reference_to_the_point(case: Case) -> None:
    for as_of, settings in case.builds:
        marts.build_points(case.warehouse, as_of, settings)
        _assert_equal(case.history, case.warehouse, as_of, settings)


@pytest.mark.parametrize(
    ("seed", "customers", "drops"),
    [(11, 20, 1), *(pytest.param(n, 200, 6, marks=pytest.mark.full) for n in (12, 13, 14))],
)
def test_drops_in_any_order_end_where_a_full_refresh_does(
    new_database: NewDatabase,
    tmp_path: Path,
    seed: int,
    customers: int,
    drops: int,
) -> None:
    dice = random.Random(seed)  # noqa: S311
    days = [START + dt.timedelta(days=dice.randrange((END - START).days)) for _ in range(drops)]
    history = random_history(seed, customers)
    warehouse = Warehouse(new_database(), tmp_path)
    try:
        masters, *others = history.parts(sorted(days))
        dice.shuffle(others)
        for drop in ([*masters, *others[0]], *others[1:]):
            for file in drop:
                file.load(warehouse)
            marts.build_points(warehouse, None, Settings())
        _assert_equal(history, warehouse, END, Settings())
        step_by_step = warehouse.marts()
        marts.build_points(warehouse, None, Settings(), "--full-refresh")
        at_once = warehouse.marts()
    finally:
        warehouse.close()
    assert step_by_step["points_ledger"]
    assert step_by_step == at_once


def _assert_equal(
    history: History, warehouse: Warehouse, as_of: dt.date, settings: Settings
) -> None:
    expected = list(accounts(history.shop, as_of, settings))
    marts.assert_equal(warehouse, expected, as_of, str(settings))
