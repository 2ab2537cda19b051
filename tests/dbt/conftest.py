"""Warehouses for tests of the dbt project."""

from collections.abc import Iterator

import pytest

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
