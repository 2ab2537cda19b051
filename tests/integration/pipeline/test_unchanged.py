"""A run with nothing new builds nothing, and anything that has changed makes it build (0047)."""

import datetime as dt
import re

import pytest

from loyalty_lens.errors import TransformError
from loyalty_lens.transform.environment import PROJECT, dbt_environment
from loyalty_lens.transform.unchanged import READ, SAID, state_of
from loyalty_lens.warehouse.connection import connected
from tests.integration.pipeline.worlds import World

DATE = dt.date(2026, 1, 4)
LAST_RUN = (
    "select distinct status from ops.model_runs where run_id ="
    " (select run_id from ops.pipeline_runs order by started_at desc limit 1)"
)
MADE = (
    "select nspname || '.' || relname, pg_class.oid from pg_class"
    " inner join pg_namespace on pg_namespace.oid = relnamespace"
    " where nspname in ('clean', 'marts') order by 1"
)


@pytest.fixture
def quiet(world: World, small_shop: dict[str, str]) -> World:
    """A shop of which one run has found that nothing changes any more."""
    for name, text in small_shop.items():
        world.write(name, text)
    for _ in range(5):
        world.run()
        if world.rows(LAST_RUN) == [("unchanged",)]:
            return world
    raise AssertionError("each run changes something")


def test_with_nothing_new_no_model_and_no_test_is_run(quiet: World) -> None:
    made = quiet.rows(MADE)
    quiet.run()
    assert quiet.rows(LAST_RUN) == [("unchanged",)]
    assert quiet.rows(MADE) == made

    quiet.write(
        "2026-01-05/store_sales_header.csv",
        "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
        "N1,C1,S1,2026-01-05 10:00:00,30\n",
    )
    quiet.run()
    assert ("success",) in quiet.rows(LAST_RUN)
    assert quiet.value("select max(business_date) from clean.sales") == dt.date(2026, 1, 5)


def test_what_was_changed_by_hand_is_built_and_tested(quiet: World) -> None:
    quiet.rows("drop view marts.certified_runs cascade; select 1")
    quiet.run()
    assert quiet.value("select count(*) from marts.certified_runs") > 0

    quiet.rows("update marts.points_ledger set points = points + 1 returning 1")
    with pytest.raises(TransformError, match="points_balance_is_the_sum_of_the_ledger"):
        quiet.run()


def test_date_settings_rows_and_relations_belong_to_the_state(quiet: World) -> None:
    environment = dbt_environment(quiet.settings, quiet.url)

    def state(date: dt.date | None = DATE, **settings: str) -> str | None:
        with connected(quiet.url) as connection, connection.cursor() as cursor:
            return state_of(cursor, environment | settings, date)

    before = state()
    assert before is not None
    assert state() == before
    assert state(LENS_DBT_THREADS="7") == before  # says nothing of what is built
    assert state(date=None) is None
    assert state(DATE - dt.timedelta(days=1)) != before
    assert state(LENS_POINT_COST="0.02") != before
    for change in (
        "update ops.load_batches set date_order = 'DMY' where data_set = 'stores'",
        "insert into ops.customer_scores (customer_id, business_date, value_basis, purchase_days,"
        " churn_probability) values ('C1', '2026-01-04', 'net', 3, 0.9)",
        "update clean.products set product_category = 'Tea' where product_id = 'P1'",
        "truncate marts.sales_daily",
        "revoke select on marts.sales_daily from lens_backup",
        "delete from ops.relation_versions where relation = 'sales'",
    ):
        quiet.rows(f"{change}; select 1")
        after = state()
        assert after != before, change
        before = after


def test_all_that_tables_read_of_ops_belongs_to_the_state() -> None:
    """Of ops.pipeline_runs, which each run writes, only views tell, and no table reads those."""
    models = {path.stem: path.read_text() for path in (PROJECT / "models").rglob("*.sql")}
    names = {name for text in models.values() for name in _named("source", text)}
    assert {f"ops.{name}" for name in names} - {"ops.pipeline_runs"} <= {*READ, *SAID}
    telling = {"pipeline_runs"}
    while more := {
        name
        for name, text in models.items()
        if name not in telling
        and telling & {*_named("source", text), *re.findall(r"ref\('(\w+)'\)", text)}
    }:
        telling |= more
    for name in telling - {"pipeline_runs"}:
        assert "materialized='view'" in models[name], name


def _named(function: str, text: str) -> list[str]:
    return re.findall(rf"{function}\('ops', '(\w+)'\)", text)
