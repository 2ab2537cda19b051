"""A small generated shop, run through the whole pipeline once, for every test of the dashboards."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.pipeline.run import NO_DATE, run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url, warehouse_url
from loyalty_lens.warehouse.connection import connect
from seeds_generator import GeneratorOptions, generate
from tests.conftest import BI_PASSWORD, NewDatabase

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
    with Workers(settings, url) as workers:
        run(settings, url, NO_DATE, workers)
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
