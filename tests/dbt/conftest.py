"""Warehouses for tests of the dbt project."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.warehouse.connection import connect
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="module")
def warehouse(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """An empty warehouse of this test module."""
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    """To the warehouse of this test module."""
    with closing(connect(warehouse.url)) as connection:
        yield connection
