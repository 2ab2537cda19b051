"""dbt builds whatever is there: nothing, some data sets, everything; and its own tests hold."""

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.transform.environment import PROJECT
from tests.dbt import comparable
from tests.dbt.histories import random_history
from tests.dbt.warehouse import NO_TESTS, Warehouse

# The others of a small shop are left out of whole runs (pipeline/test_missing_data_sets).
HERE = ("customer_details", "products", "promotion_details", "store_sales_line_items")


@pytest.fixture(scope="module")
def full(warehouse: Warehouse) -> Warehouse:
    """The warehouse with all data sets, built; what a test changes it puts back."""
    random_history(1, 200).load(warehouse)
    comparable.load(warehouse)
    comparable.bring_back(warehouse, "D", "G1", dt.date(2025, 12, 20), dt.date(2026, 1, 15))
    twins = _sale_long_ago() | {"transaction_id": "TWIN", "customer_id": "T1"}
    warehouse.load("store_sales_header", [_sale_long_ago(), _sale_of_a_guest(), twins])
    elsewhere = {"last_purchase_date": "2025-11-20"}  # of which no sale is known
    warehouse.load("customer_details", [_twin("T1") | elsewhere, _twin("T2") | elsewhere])
    warehouse.load("promotion_details", [_promotion(10)], is_discount_in_percent=True)
    warehouse.load(
        "store_inventory",
        [
            {
                "inventory_date": "2026-01-31",
                "store_id": "A",
                "product_id": "P1",
                "stock_on_hand": 3,
            }
        ],
    )
    warehouse.build()
    return warehouse


def test_empty_warehouse_builds_with_all_tests_green_and_twice(warehouse: Warehouse) -> None:
    nodes = warehouse.dbt("build")
    kinds = {node["resource_type"] for node in nodes}
    assert kinds == {"seed", "model", "test", "unit_test"}
    assert warehouse.rows("select count(*) from marts.customer_details") == [(0,)]
    warehouse.build()


def test_full_history_passes_every_data_test_and_twice_makes_the_same(full: Warehouse) -> None:
    full.dbt("test", "--exclude-resource-type", "unit_test")
    first = full.marts()
    assert [mart for mart, rows in first.items() if not rows] == ["points_restatements"]
    ratio = full.rows("select discount_ratio from clean.promotions where promotion_id = '1'")
    assert ratio == [(Decimal("0.1"),)]
    full.build()
    assert full.marts() == first


def test_a_table_takes_any_place_and_views_upon_it_come_back(full: Warehouse) -> None:
    before = full.marts()
    for leftover in ("table", "view"):  # of a project in which it was something else
        full.execute(
            "drop table marts.dq_scores cascade;"
            " create view marts.dq_scores as select 1 as one;"
            f" create {leftover} marts.dq_scores__dbt_tmp as select 1 as one"
        )
        full.build()
        assert full.rows(
            "select relname, relkind from pg_class where relnamespace = 'marts'::regnamespace"
            " and (relname like 'dq_scores%' or relname = 'data_status') order by relname"
        ) == [("data_status", "v"), ("dq_scores", "r")]
    assert full.marts() == before


def test_a_table_that_fails_leaves_the_old_one(full: Warehouse) -> None:
    before = full.rows("select * from marts.segment_summary order by 1, 2")
    full.execute("update clean.value_engagement_segments set value_segment = null")
    with pytest.raises(AssertionError, match="contains null values"):
        full.dbt("run", "--select", "segment_summary")
    assert full.rows("select * from marts.segment_summary order by 1, 2") == before
    full.dbt("seed", "--select", "value_engagement_segments")


def test_descriptions_and_statistics_are_in_the_database(full: Warehouse) -> None:
    built = (
        "with built as (select oid, relname, relkind, reltuples from pg_class"
        " where relkind in ('r', 'v') and relnamespace::regnamespace::text"
        " in ('staging', 'clean', 'marts')) "
    )
    assert full.rows(built + "select relname from built where obj_description(oid) is null") == []
    assert (
        full.rows(
            built + "select relname, attname from built inner join pg_attribute on oid = attrelid"
            " where attnum > 0 and not attisdropped and col_description(oid, attnum) is null"
        )
        == []
    )
    unknown = full.rows(built + "select relname from built where relkind = 'r' and reltuples < 0")
    assert {name for (name,) in unknown} <= {p.stem for p in (PROJECT / "seeds").glob("*.csv")}


def test_files_are_counted_once_and_a_full_refresh_counts_the_same(full: Warehouse) -> None:
    files = "select * from marts.delivered_files order by batch_id"
    before = full.rows(files)
    sale = {"transaction_id": "LATE", "store_id": "A", "transaction_date": "2026-01-31"}
    batch = full.load(
        "store_sales_header",
        [{**sale, "total_amount": "1.5"}, {**sale, "customer_id": "C1", "total_amount": "?"}],
    )
    full.dbt("run", "--select", "delivered_files")
    after = full.rows(files)
    assert len(after) == len(before) + 1
    assert full.rows(
        "select row_count, date_count, null_transaction_count, null_product_count,"
        f" null_customer_count, amount from marts.delivered_files where batch_id = {batch}"
    ) == [(2, 1, 0, None, 1, Decimal("1.5"))]
    full.dbt("run", "--full-refresh", "--select", "delivered_files")
    assert full.rows(files) == after


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(name, marks=() if name in HERE else pytest.mark.full)
        for name in load_data_sets()
    ],
)
def test_any_data_set_may_be_missing(full: Warehouse, missing: str) -> None:
    hide = f"update ops.load_batches set status = '%s' where data_set = '{missing}'"
    full.execute(hide % "superseded")
    full.build()
    full.dbt("test", "--select", "tag:daily")
    inferred = {
        table: full.rows(f"select coalesce(bool_and(is_inferred), false) from clean.{table}")
        for table in ("stores", "products", "customers")
    }
    names = {"stores": "stores", "products": "products", "customer_details": "customers"}
    assert {table for table, rows in inferred.items() if rows == [(True,)]} == (
        {names[missing]} if missing in names else set()
    )
    full.execute(hide % "validated")


def test_dev_builds_into_schemas_of_ones_own_and_leaves_the_marts_alone(
    full: Warehouse,
) -> None:
    before = full.rows(
        "select oid from pg_class where relnamespace = 'marts'::regnamespace order by oid"
    )
    done = full.command_line("build", "--target", "dev", *NO_TESTS, USER="Ann.Other")
    assert done.returncode == 0, done.stdout
    assert "Deprecat" not in done.stdout + done.stderr
    assert before == full.rows(
        "select oid from pg_class where relnamespace = 'marts'::regnamespace order by oid"
    )
    assert full.rows(
        "select table_schema, count(*) > 0 from information_schema.tables"
        " where table_schema like 'dev%' group by table_schema order by table_schema"
    ) == [(f"dev_ann_other_{layer}", True) for layer in ("clean", "marts", "staging")]
    assert full.rows(
        "select has_any_column_privilege('lens_bi', 'dev_ann_other_marts.sales_daily', 'select')"
    ) == [(False,)]


def test_the_project_parses_with_nothing_set(tmp_path: Path, warehouse: Warehouse) -> None:
    unset = {name: "" for name in warehouse.environment if name.startswith("LENS_")}
    for name in unset:
        warehouse.environment.pop(name)
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("LENS_")}
    try:
        done = warehouse.command_line("parse", DBT_TARGET_PATH=str(tmp_path))
    finally:
        os.environ.update(kept)
    assert done.returncode == 0, done.stdout


def _sale_long_ago() -> dict[str, object]:
    """Segments of that month's end lie so far back that they are held against what came after."""
    return {
        "transaction_id": "OLD",
        "customer_id": "C1",
        "store_id": "A",
        "transaction_date": "2025-10-05 12:00:00",
        "total_amount": "12.34",
    }


def _sale_of_a_guest() -> dict[str, object]:
    """By a phone that nobody has given: a new customer, maybe."""
    sale = {"transaction_id": "GUEST", "customer_id": None, "customer_phone": "+4930111111"}
    return _sale_long_ago() | sale


def _twin(customer_id: str) -> dict[str, object]:
    return {"customer_id": customer_id, "email": "twin@example.com"}


def _promotion(discount: object) -> dict[str, object]:
    return {
        "promotion_id": "1",
        "start_date": "2026-01-01",
        "end_date": "2026-01-31",
        "discount_percentage": discount,
    }
