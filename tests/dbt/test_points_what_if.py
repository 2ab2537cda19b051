"""`lens what-if`: the same rules change nothing, others what can be reckoned by hand."""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.errors import PointsError
from loyalty_lens.points.what_if import WhatIf, what_if
from loyalty_lens.settings import Settings
from loyalty_lens.worker import Worker
from tests.conftest import NewDatabase
from tests.dbt.histories import History, random_history
from tests.dbt.warehouse import POINTS, Warehouse
from tests.helpers.shared import SharedGate
from tests.integration.cli.typed import Typed

BASIC = ("rule_id", "points_per_unit_spend", "min_spend_threshold", "bonus_points")


def written(path: Path, rules: list[dict[str, Any]]) -> Path:
    columns = list(dict.fromkeys(name for rule in rules for name in rule))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rules)
    return path


def asked(
    worker: Worker,
    url: str,
    file: Path,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> WhatIf:
    settings = Settings.from_environment({"LENS_DATABASE_URL": url})
    return what_if(settings, url, file, first_day=first, last_day=last, worker=worker)


@pytest.fixture(scope="module")
def worker() -> Worker:
    return SharedGate()


@pytest.fixture(scope="module")
def history(warehouse: Warehouse) -> History:
    history = random_history(5, 300)
    history.load(warehouse)
    warehouse.build(None, POINTS)
    return history


@pytest.fixture(scope="module")
def shop(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Three customers and one rule: a point per unit."""
    shop = Warehouse(new_database(), tmp_path_factory.mktemp("what if"))
    shop.load("customer_details", [{"customer_id": f"C{n}"} for n in (1, 2, 3)])
    shop.load("loyalty_rules", [dict(zip(BASIC, ("1", 1, 0, 0), strict=True))])
    sales = [
        ("T1", "C1", "2026-01-05", "100.50", None),
        ("T2", "C1", "2026-01-20", "10", None),
        ("T3", "C2", "2026-01-10", "40", 30),
        ("T4", "C3", "2026-01-15", "60", None),
    ]
    names = ("transaction_id", "customer_id", "transaction_date", "total_amount", "points_redeemed")
    shop.load(
        "store_sales_header",
        [{**dict(zip(names, sale, strict=True)), "store_id": "A"} for sale in sales],
    )
    shop.build(None, POINTS)
    yield shop
    shop.close()


def test_the_rules_of_today_change_nothing(
    warehouse: Warehouse, history: History, worker: Worker, tmp_path: Path
) -> None:
    file = written(tmp_path / "same.csv", history.rules)
    for days in ((None, None), (dt.date(2025, 12, 5), dt.date(2026, 1, 10))):
        found = asked(worker, warehouse.url, file, *days)
        assert {
            figure.name: figure.difference for figure in found.figures if figure.difference
        } == {}
        assert (found.winners, found.losers, found.unchanged) == (0, 0, len(history.customers))
        assert found.rules == len(history.rules)
    today = {figure.name: figure.today for figure in found.figures}
    assert today["issued"] > 0 and today["outstanding"] > 0 and today["liability"] > 0


def test_other_rules_on_some_days_reckoned_by_hand(
    shop: Warehouse, worker: Worker, tmp_path: Path
) -> None:
    """From 8 January on a point per unit from 50 on, and 25 on top.

    C1 keeps the 100 of the 5th, gets nothing for 10. C2 gets nothing for 40 and so owes the 30 that
    were spent. C3 gets 60 + 25.
    """
    before, places = shop.marts(), state(shop)
    file = tmp_path / "Rules of spring.csv"
    file.write_text(  # a semicolon, an alias's spelling, a spreadsheet's float
        "Rule ID;points-per-unit-spend;min_spend_threshold;bonus_points\n1.0;1;50;25\n"
    )
    found = asked(worker, shop.url, file, dt.date(2026, 1, 8))
    assert {f.name: (str(f.today), str(f.what_if)) for f in found.figures} == {
        "issued": ("209", "185"),
        "earned": ("209", "160"),
        "bonus": ("0", "25"),
        "taken back for returns": ("0", "0"),
        "expired": ("0", "0"),
        "outstanding": ("179", "185"),
        "debt": ("0", "30"),
        "liability": ("1.7900", "1.8500"),
    }
    assert [(c.customer_id, c.today, c.what_if) for c in found.largest_gains] == [("C3", 60, 85)]
    assert [(c.customer_id, c.today, c.what_if) for c in found.largest_losses] == [
        ("C2", 9, -30),
        ("C1", 110, 100),
    ]
    assert (found.winners, found.losers, found.unchanged) == (1, 2, 0)
    until = asked(worker, shop.url, file, last=dt.date(2026, 1, 10))
    assert [(c.customer_id, c.what_if) for c in until.largest_gains] == [("C1", 135)]
    assert (shop.marts(), state(shop)) == (before, places)


def test_what_cannot_be_used_is_one_line_and_leaves_nothing(
    shop: Warehouse,
    worker: Worker,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lens = Typed(tmp_path_factory.mktemp("home"), shop.url)
    before, places = shop.marts(), state(shop)
    good = written(tmp_path / "good.csv", [dict(zip(BASIC, ("1", 1, 0, 0), strict=True))])
    told = lens.works("what-if", str(good), "--to", "2026-01-31")
    assert "0 customers would have more points, 0 fewer, 3 as many as today" in told
    files = {
        "bad.csv: record 1: much cannot be read as a number": f"{','.join(BASIC)}\n1,much,0,5\n",
        "points_per_unit_spend": "rule_id,bonus_points\n1,5\n",
        "no rule in it": ",".join(BASIC) + "\n",
    }
    for message, content in files.items():
        (tmp_path / "bad.csv").write_text(content)
        with pytest.raises(PointsError, match=message):
            asked(worker, shop.url, tmp_path / "bad.csv")
    assert "there is no such file" in lens.refusal("what-if", str(tmp_path / "none.csv"))
    days = ("--from", "2026-02-01", "--to", "2026-01-01")
    assert "no day is left" in lens.refusal("what-if", str(good), *days)
    assert "--from 'spring' is no date" in lens.refusal("what-if", str(good), "--from", "spring")
    assert (shop.marts(), state(shop)) == (before, places)


def state(shop: Warehouse) -> list[tuple[Any, ...]]:
    """Every schema, table and file of a table, and databases for one look."""
    return shop.rows(
        "select format('%s.%s', relnamespace::regnamespace, relname), relfilenode from pg_class"
        " where relkind in ('r', 'v') and relnamespace::regnamespace::text not like 'pg_%'"
        " union all select datname, 0 from pg_database where datname like 'lens\\_check\\_%'"
        " order by 1"
    )
