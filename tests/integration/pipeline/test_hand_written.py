"""What is written by hand for `make bench` comes to what the marts say: the work is the same."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from seeds_generator import PRESETS, found
from tests.bench.hand_written import TOLD, in_duckdb, in_pandas, in_postgres
from tests.integration.pipeline.conftest import NewWorld
from tests.integration.pipeline.worlds import World

# A guest's purchases, returns, points paid with and given back; nothing spoilt, nothing expires.
SHOP = replace(PRESETS["small"], customers=500, history_days=100, defect_rate=0.0)

MARTS = """
select
    customer_details.customer_id,
    customer_details.segment_id,
    customer_details.is_high_spender,
    customer_details.is_at_risk,
    points_balances.balance,
    customer_rfm.recency_days,
    customer_rfm.frequency,
    cast(100 * customer_rfm.monetary as bigint) as monetary_cents,
    customer_rfm.r_score,
    customer_rfm.f_score,
    customer_rfm.m_score,
    customer_rfm.rfm_segment,
    customer_rfm.value_segment
from marts.customer_details
inner join marts.points_balances using (customer_id)
left join marts.customer_rfm using (customer_id)
order by customer_details.customer_id
"""
# What is in both: names in the marts, names by hand.
SAME = {
    "clean.sale_lines": (
        "transaction_id, line_item_id, customer_id, store_id, product_id, product_category,"
        " is_merchandise, is_return, quantity, line_amount, business_date",
        "by_hand.sale_lines",
    ),
    "marts.purchases": (
        "transaction_id, customer_id, merchandise_amount, returned_amount, net_amount,"
        " eligible_amount, is_counted, business_date",
        "by_hand.purchases",
    ),
    "marts.points_balances": (
        "customer_id, balance, opening_points, earned_points, bonus_points, reversed_points,"
        " redeemed_points, refunded_points, adjusted_points",
        "by_hand.points",
    ),
}


@pytest.fixture(scope="module")
def world(fresh_world: NewWorld) -> World:
    """The shop, loaded and built by the pipeline and by hand, in one database."""
    world = fresh_world("by_hand")
    found(SHOP, world.settings.landing)
    world.run()
    in_postgres.build(world.url, world.settings.landing)
    return world


@pytest.mark.parametrize("table", SAME)
def test_tables_by_hand_hold_the_rows_of_the_marts(world: World, table: str) -> None:
    columns, by_hand = SAME[table]
    ours, theirs = f"select {columns} from {table}", f"select {columns} from {by_hand}"
    assert world.value(f"select count(*) from ({theirs}) as rows_by_hand") > SHOP.customers / 2
    assert world.rows(f"({ours}) except all ({theirs})") == []
    assert world.rows(f"({theirs}) except all ({ours})") == []


def test_everything_that_moves_points_is_in_the_shop(world: World) -> None:
    sums = ", ".join(
        f"sum({column})" for column in SAME["marts.points_balances"][0].split(", ")[1:]
    )
    assert all(world.rows(f"select {sums} from by_hand.points")[0])


def test_segments_by_hand_are_those_of_the_marts(world: World) -> None:
    ours = world.rows(MARTS)
    assert {row[1] for row in ours} == {"HS", "AR", "OT"}
    assert world.rows(TOLD) == ours


@pytest.mark.parametrize("way", [in_duckdb, in_pandas], ids=["duckdb", "pandas"])
def test_segments_straight_from_the_files_are_those_of_the_marts(
    world: World, way: "type[in_duckdb]", tmp_path: Path
) -> None:
    way.main(world.settings.landing, tmp_path / "told.csv")
    with (tmp_path / "told.csv").open(encoding="utf-8", newline="") as stream:
        _, *told = csv.reader(stream)
    ours = world.rows(MARTS)
    as_text = [["" if cell is None else str(cell).lower() for cell in row] for row in ours]
    assert [[cell.lower() for cell in row] for row in told] == as_text
