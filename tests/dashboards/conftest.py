"""A small generated shop, run through the whole pipeline once, for every test of the dashboards."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.pipeline.run import NO_DATE, run
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.access import bi_url, warehouse_url
from loyalty_lens.warehouse.connection import connect, connected
from seeds_generator import GeneratorOptions, generate
from tests.conftest import BI_PASSWORD, NewDatabase
from tests.helpers.shared import shared_workers

# 300 customers are too few to fit anything on: what models would say is written by hand.
SCORES = """
insert into ops.customer_scores (
    customer_id, business_date, value_basis, purchase_days, probability_alive,
    expected_purchases_90_days, expected_purchases_365_days, expected_amount, clv_amount,
    clv_quintile, churn_probability, cluster_number
)
select
    customer_id, business_date, 'net margin', frequency,
    case when frequency > 1 then r_score / 6.0 end,
    frequency / 2.0, frequency * 2.0, monetary / frequency, monetary * r_score / 3, m_score,
    1 - r_score / 6.0, 1 + cast(f_score < 3 as integer)
from marts.customer_rfm
"""
FITS = """
insert into ops.model_fits (model, business_date, status, value_basis, customers)
select model, business_date, 'fitted', 'net margin', 300
from clean.as_of cross join (values ('BG/NBD'), ('Gamma-Gamma')) as models (model)
"""
METRICS = """
insert into ops.model_metrics
select business_date, model, metric, value, 'Recency alone', 0.7, 300, business_date - 60,
    business_date - 30
from clean.as_of
cross join (
    values ('Churn', 'AUC', 0.8), ('Churn', 'Brier', 0.2), ('BG/NBD', 'Predicted / actual', 1)
) as metrics (model, metric, value)
"""
FORECASTS = """
insert into ops.sales_forecasts (
    scope, store_id, period, period_date, business_date, forecast_amount, lower_amount,
    upper_amount
)
select scope, store_id, steps.period, last_date + steps.place, last_date, amount, amount / 2,
    amount * 2
from (
    select scope, store_id, max(period_date) as last_date, avg(net_amount) as amount
    from marts.sales_trends where period = 'day' group by scope, store_id
) as series
cross join (
    select 'day' as period, place from generate_series(1, 28) as days (place)
    union all
    select 'week', place from generate_series(1, 28, 7) as weeks (place)
) as steps
"""
# As if the lists had gone out three weeks ago: there is something to tell of them.
EARLIER = (
    "update ops.campaign_exports set business_date = business_date - 21",
    "update ops.campaign_members set business_date = business_date - 21",
)
RESULTS = ("run", "--select", "campaign_outcomes+")
SHOP = GeneratorOptions(history_days=60, days=1, customers=300, stores=5, seed=7)


@pytest.fixture(scope="session")
def shop(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a warehouse whose marts hold a shop with five stores; lens_bi may log in."""
    folder = tmp_path_factory.mktemp("shop")
    landing = folder / "landing"
    generate(SHOP, landing)
    settings = replace(
        Settings.from_environment({"LENS_HOME": str(folder / "home")}),
        database_url=new_database(),
        landing=landing,
        bi_password=BI_PASSWORD,
    )
    url = warehouse_url(settings)
    with shared_workers(settings, url) as workers:
        run(settings, url, NO_DATE, workers)
        with connected(url) as connection, connection.cursor() as cursor:
            for statement in (SCORES, FITS, METRICS, FORECASTS, *EARLIER):
                cursor.execute(statement)
        build(url, workers.dbt, "models", run_id=None, business_date=None)
        workers.dbt.call(arguments=list(RESULTS))
    return settings


@pytest.fixture(scope="session")
def shop_database(shop: Settings) -> str:
    """The owner's URL of the shop's warehouse."""
    return warehouse_url(shop)


@pytest.fixture(scope="module")
def bi(shop: Settings) -> Iterator[Connection]:
    """A connection as lens_bi."""
    url = bi_url(shop)
    assert url is not None
    with closing(connect(url, autocommit=True)) as connection:
        yield connection
