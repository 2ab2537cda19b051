"""`lens close`: what was published stays, and what is reckoned otherwise later is told."""

import datetime as dt

import pytest

from loyalty_lens.warehouse.access import BI_ROLE
from tests.dbt.warehouse import POINTS, Warehouse
from tests.integration.cli.typed import Typed

TODAY = dt.date(2026, 2, 2)
RULE = {"rule_id": "1", "points_per_unit_spend": 1, "min_spend_threshold": 0, "bonus_points": 7}
BY_KIND = (
    "select cast(month as text), entry_type, sum(published_points), sum(points_now)"
    " from marts.points_restatements group by month, entry_type order by month, entry_type"
)


@pytest.fixture(scope="module")
def lens(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """December and January, and a sale of February that says that January is over."""
    warehouse.load(
        "customer_details",
        [{"customer_id": "C1", "total_loyalty_points": 100}, {"customer_id": "C2"}],
        file_date=dt.date(2025, 12, 1),
    )
    warehouse.load("loyalty_rules", [RULE])
    sell(
        warehouse,
        ("T1", "C1", "2025-12-10", 40, None),
        ("T2", "C2", "2026-01-05", 20, None),
        ("T3", "C1", "2026-01-06", 30, 50),
        ("T4", "C1", "2026-02-02", 10, None),
    )
    warehouse.build()
    return Typed(tmp_path_factory.mktemp("close"), warehouse.url)


def sell(warehouse: Warehouse, *sales: tuple[str, str, str, int, int | None]) -> int:
    names = ("transaction_id", "customer_id", "transaction_date", "total_amount", "points_redeemed")
    rows = [dict(zip(names, sale, strict=True)) for sale in sales]
    return warehouse.load(
        "store_sales_header", [{**row, "store_id": "A"} for row in rows], arrival=TODAY
    )


def test_a_month_is_closed_once_and_restated_in_the_open(lens: Typed, warehouse: Warehouse) -> None:
    assert "2026-02 is not over: the business date of the marts is 2026-02-02" in lens.refusal(
        "close", "2026-02"
    )
    assert "'January' is no month" in lens.refusal("close", "January")

    told = lens.works("close", "2026-01")
    # 100 brought along, 40 + 7; then 20 + 7 and 29 (30 less 50 points' worth) + 7, and 50 spent.
    assert "balance 147 before, 160 after: outstanding 160, debt 0; liability 1.60 EUR" in told
    figures = "select entry_type, sum(points), sum(entry_count) from ops.closed_month_figures"
    assert warehouse.rows(f"{figures} group by entry_type order by entry_type") == [
        ("BONUS", 14, 2),
        ("EARN", 49, 2),
        ("REDEEM", -50, 1),
    ]
    assert "2026-01 was closed on" in lens.refusal("close", "2026-01")
    warehouse.build(None, POINTS)
    published = [
        ("2026-01-01", "BALANCE_BEFORE", 147, 147),
        ("2026-01-01", "BONUS", 14, 14),
        ("2026-01-01", "EARN", 49, 49),
        ("2026-01-01", "REDEEM", -50, -50),
    ]
    assert warehouse.rows(BY_KIND) == published
    assert "restated" not in lens.works("status")

    late = sell(warehouse, ("T5", "C2", "2026-01-20", 60, None))
    sell(warehouse, ("T6", "C2", "2025-12-31", 5, None))
    warehouse.build(None, POINTS)
    assert warehouse.rows(
        "select entry_type, published_points, points_now, difference_points, source_file"
        f" from marts.points_restatements where _batch_id = {late} and is_restated order by 1"
    ) == [
        ("BONUS", 0, 7, 7, "store_sales_header.csv"),
        ("EARN", 0, 60, 60, "store_sales_header.csv"),
    ]
    line = (
        "is 239 now (+79): EARN +60 (store_sales_header.csv), BALANCE_BEFORE +12,"
        " BONUS +7 (store_sales_header.csv); see marts.points_restatements"
    )
    assert "restated 2026-01, closed on" in lens.works("status")
    assert line in lens.works("status")
    assert warehouse.rows("select count(*) > 0 from marts.points_restatements", role=BI_ROLE)

    assert "beside 1)" in lens.works("close", "2026-01", "--again", "--reason", "a late file")
    warehouse.build(None, POINTS)
    assert "restated" not in lens.works("status")
    assert warehouse.rows("select closing_balance, reason from ops.closed_months order by 1") == [
        (160, "2026-01 is over"),
        (239, "a late file"),
    ]
    assert warehouse.rows(
        "select reason, details ->> 'replaces' from ops.audit_log where action = 'close' order by 1"
    ) == [("2026-01 is over", None), ("a late file", "1")]


def test_an_earlier_month_is_closed_as_it_ended(lens: Typed, warehouse: Warehouse) -> None:
    told = lens.works("close", "2025-12")
    balance = "select sum(points) from marts.points_ledger where business_date < '2026-01-01'"
    ((points,),) = warehouse.rows(balance)
    assert f"balance 100 before, {points} after: outstanding {points}" in told
    assert warehouse.rows(
        "select distinct closed.liability_amount = daily.liability_amount"
        " from ops.closed_months as closed inner join marts.points_liability_daily as daily"
        " on daily.business_date = closed.month + interval '1 month' - interval '1 day'"
        " where closed.reason is distinct from '2026-01 is over'"  # restated since
    ) == [(True,)]


def test_marts_of_a_day_before_the_end_of_a_month_say_nothing_of_it(
    lens: Typed, warehouse: Warehouse
) -> None:
    warehouse.build(dt.date(2026, 1, 30), POINTS)
    assert {month for month, *_ in warehouse.rows(BY_KIND)} == {"2025-12-01"}
    assert "is not over" in lens.refusal("close", "2026-01", "--again")
    warehouse.build(None, POINTS)


def test_marts_that_a_failed_run_left_are_not_closed(lens: Typed, warehouse: Warehouse) -> None:
    warehouse.execute(
        "insert into ops.pipeline_runs (run_id, status, message)"
        " values ('x', 'failed', 'disk full')"
    )
    refused = lens.refusal("close", "2026-01", "--again")
    assert "the last run has not succeeded (disk full)" in refused
