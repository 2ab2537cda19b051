"""A table stands while all that it is made of does, and no longer (docs/decisions/0044)."""

import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest

from loyalty_lens.transform.environment import PROJECT
from tests.conftest import NewDatabase
from tests.dbt.histories import FIRST_DAY, random_history
from tests.dbt.warehouse import NO_TESTS, UNCHANGED, Warehouse

DAY = FIRST_DAY + dt.timedelta(days=60)
TABLES = (
    "select nspname || '.' || relname, pg_class.oid from pg_class"
    " inner join pg_namespace on pg_namespace.oid = relnamespace"
    " where nspname in ('clean', 'marts') and relkind = 'r'"
)
REJECTED = (
    "insert into reject.{0} (_batch_id, _row_number, _loaded_at, rule_ids, errors)"
    " select _batch_id, _row_number, now(), '{{}}', '[]' from raw.{0} limit 1"
)
SCORED = (
    "insert into ops.customer_scores (customer_id, business_date, value_basis, purchase_days,"
    " churn_probability) values ('C1', '2025-12-31', 'net', 3, 0.9)"
)
Build = Callable[..., set[str]]


@pytest.fixture(scope="module")
def shop(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    shop = Warehouse(new_database(), tmp_path_factory.mktemp("standing"))
    random_history(5, 150).load(shop)
    stock = {"inventory_date": DAY, "store_id": "A", "product_id": "P1", "stock_on_hand": 3}
    shop.load("store_inventory", [stock])
    shop.build(DAY)
    yield shop
    shop.close()


@pytest.fixture
def build(shop: Warehouse) -> Build:
    """A build that tells which tables it made anew."""

    def run(*arguments: str, date: dt.date = DAY) -> set[str]:
        before = dict(shop.rows(TABLES))
        shop.dbt("build", *NO_TESTS, *UNCHANGED, *arguments, business_date=date)
        after = dict(shop.rows(TABLES))
        return {table for table, oid in after.items() if before.get(table) != oid}

    return run


def test_with_nothing_new_all_tables_stand(build: Build) -> None:
    """The next build brings the accounts to an end that were changed."""
    assert build() == {"marts.points_balances"}
    assert build() == set()


@pytest.mark.parametrize(
    ("statement", "anew", "stand"),
    [
        (
            "update ops.load_batches set date_order = 'DMY' where data_set = 'stores'",
            {"clean.stores"},
            {"clean.products", "clean.customers", "marts.store_details"},
        ),
        (
            REJECTED.format("promotion_details"),
            {"clean.promotions", "marts.promotion_uplift"},
            {"clean.products", "clean.customers"},
        ),
        (SCORED, {"marts.customer_churn"}, {"clean.customers", "marts.rule_costs"}),
        (
            "update ops.customer_scores set churn_probability = 0.1",
            {"marts.customer_churn"},
            {"clean.customers"},
        ),
        ("delete from ops.customer_scores", {"marts.customer_churn"}, {"clean.customers"}),
        (
            "insert into ops.duplicates select 'products', _batch_id, _row_number, _batch_id, 1"
            " from raw.products order by _row_number desc limit 1",
            {"clean.products"},
            {"clean.stores", "clean.customers"},
        ),
        ("drop table clean.stores cascade", {"clean.stores"}, {"clean.customers"}),
        (
            "delete from ops.relation_versions",
            {"clean.stores", "clean.customers", "marts.customer_rfm", "marts.points_balances"},
            set(),
        ),
    ],
)
def test_what_a_table_is_made_of_makes_it_anew(
    shop: Warehouse, build: Build, statement: str, anew: set[str], stand: set[str]
) -> None:
    shop.execute(statement)
    made = build()
    assert anew <= made
    assert not stand & made


def test_other_views_settings_and_a_full_refresh_make_tables_anew(
    shop: Warehouse, build: Build
) -> None:
    ((view,),) = shop.rows("select pg_get_viewdef('staging.stg_stores'::regclass)")
    told = "create or replace view staging.stg_stores as select * from ({}) as stores where {}"
    shop.execute(told.format(view.rstrip().rstrip(";"), "store_id <> 'nowhere'"))
    made = build()
    assert "clean.stores" in made
    assert "clean.products" not in made
    before = dict(shop.rows(TABLES))
    settings = f"{{business_date: '{DAY}', campaign_days: 31}}"
    shop.dbt("build", *NO_TESTS, *UNCHANGED, "--vars", settings)
    after = dict(shop.rows(TABLES))
    assert before["marts.campaign_outcomes"] != after["marts.campaign_results"]
    assert before["clean.customers"] == after["clean.customers"]
    assert {"clean.stores", "clean.customers", "marts.calendar"} <= build("--full-refresh")


def test_a_table_that_says_the_same_is_no_news_to_who_reads_it(
    shop: Warehouse, build: Build
) -> None:
    """The second delivery of the same products: they are made anew, what reads them stands."""
    products = shop.rows("select product_id, product_category from clean.products order by 1")
    keys = ("product_id", "product_category")
    shop.load("products", [dict(zip(keys, row, strict=True)) for row in products[:1]])
    made = build()
    assert "clean.products" in made
    assert "marts.product_affinity" not in made


def test_another_date_is_news_to_all_that_read_it(build: Build) -> None:
    made = build(date=DAY + dt.timedelta(days=1))
    assert {"clean.as_of", "marts.customer_rfm", "marts.calendar"} <= made


def test_accounts_that_have_changed_are_no_news_once_they_were_folded(
    shop: Warehouse, build: Build
) -> None:
    build()
    gift = {"event_id": "GIFT", "customer_id": "C1", "event_type": "ADJUST", "points": "5"}
    shop.load("points_events", [gift | {"event_at": "2025-12-01 10:00"}])
    assert "marts.customer_details" in build()
    assert build() == {"marts.points_balances"}  # whose accounts are changed no more
    assert build() == set()
    assert shop.rows("select was_complete from ops.account_builds where was_complete") == [(True,)]


def test_what_dbt_does_not_know_of_is_read_by_tables_that_are_asked_anew() -> None:
    """Functions that look into tables: a model that calls one says so."""
    looking = re.compile(r"ops\.(business_date|newest_business_date|published_business_date)\(")
    for path in (PROJECT / "models").rglob("*.sql"):
        text = path.read_text()
        assert not looking.search(text) or "stands=false" in text, path
