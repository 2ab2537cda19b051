"""One built warehouse and one login per role for all tests of who may see what."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from loyalty_lens.privacy import pseudonyms
from loyalty_lens.settings import Settings
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.privacy.people import People, fill

KEY = "a key that only tests know"


@pytest.fixture(scope="module")
def shop(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """The shop of `people.fill`, built, with pseudonyms."""
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    fill(warehouse)
    warehouse.build()
    pseudonyms.refresh(replace(Settings.from_environment({}), privacy_key=KEY), warehouse.url)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def people(shop: Warehouse) -> Iterator[People]:
    """Somebody of each role."""
    people = People(shop.url)
    yield people
    people.leave()
