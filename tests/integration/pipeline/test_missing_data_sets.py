"""No data set is obligatory: each left out in turn, and only headers with customers."""

import datetime as dt

import pytest

from loyalty_lens.report.figures import loaded
from tests.integration.pipeline.worlds import SMALL_SHOP, World

WITH_ALL = {"C1": (2, 2, 150), "C2": (0, 2, 70), "C3": (45, 1, 70)}  # recency, frequency, monetary
# The others are left out of builds (dbt/test_build).
HERE = ("loyalty_rules.csv", "store_sales_header.csv", "stores.csv")


def rfm(world: World) -> dict[str, tuple[int, int, int]]:
    return {
        row[0]: (row[1], row[2], int(row[3]))
        for row in world.rows(
            "select customer_id, recency_days, frequency, monetary from marts.customer_rfm"
        )
    }


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param(name, marks=() if name in HERE else pytest.mark.full)
        for name in sorted(SMALL_SHOP)
    ],
)
def test_a_run_succeeds_without_any_one_data_set(
    world: World, small_shop: dict[str, str], left_out: str
) -> None:
    del small_shop[left_out]
    for name, text in small_shop.items():
        world.write(name, text)
    world.run()
    assert left_out.removesuffix(".csv") in loaded(world.url).not_delivered
    assert world.value("select count(*) from reject.store_sales_header") == 0
    assert world.value("select count(*) from reject.store_sales_line_items") == 0
    if left_out == "store_sales_header.csv":
        assert rfm(world) == {}
    else:
        assert rfm(world) == WITH_ALL
        assert world.value("select business_date from clean.as_of") == dt.date(2026, 1, 4)
    if left_out == "loyalty_rules.csv":
        assert world.value("select coalesce(sum(points), 0) from marts.points_ledger") == 105
    if left_out == "stores.csv":
        assert world.rows(
            "select store_id, store_name, is_inferred from clean.stores order by store_id"
        ) == [("S1", "S1", True), ("S2", "S2", True)]


def test_headers_and_customers_alone_give_the_same_rfm(
    world: World, small_shop: dict[str, str]
) -> None:
    for name in ("store_sales_header.csv", "customer_details.csv"):
        world.write(name, small_shop[name])
    world.run()
    assert rfm(world) == WITH_ALL


def test_inferred_stores_are_replaced_when_the_master_arrives(
    world: World, small_shop: dict[str, str]
) -> None:
    stores = small_shop.pop("stores.csv")
    for name, text in small_shop.items():
        world.write(name, text)
    world.run()
    world.write("stores.csv", stores.replace("S2,South,UTC\n", ""))
    world.run()
    assert world.rows("select store_id, store_name, is_inferred from clean.stores") == [
        ("S1", "North", False)
    ]
    rules = world.rows("select transaction_id, rule_ids from reject.store_sales_header order by 1")
    assert rules == [(key, ["unknown_store"]) for key in ("T2", "T5", "T6")]


def test_masters_alone_are_shown_and_leave_no_date_behind(
    world: World, small_shop: dict[str, str]
) -> None:
    world.write("customer_details.csv", small_shop.pop("customer_details.csv"))
    world.run()
    assert world.value("select count(*) from marts.customer_details") == 4
    assert world.value("select max(business_date) from ops.pipeline_runs") is None
    for name, text in small_shop.items():
        world.write(name, text)
    world.run()
    assert world.value("select business_date from clean.as_of") == dt.date(2026, 1, 4)
    assert rfm(world) == WITH_ALL
