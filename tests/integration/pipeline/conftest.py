"""Whole runs, in one process: the helper processes start once a session and serve every warehouse.

All warehouses of these tests have the same name in turn (dbt's manifest names the database), so a
fresh one is the template copied over the last.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import with_database
from loyalty_lens.warehouse.migrate import migrate
from tests.conftest import NewDatabase, Server
from tests.integration.pipeline.worlds import SMALL_SHOP, World


@pytest.fixture(scope="session")
def _template(new_database: NewDatabase) -> str:
    return new_database().rsplit("/", 1)[-1]


@pytest.fixture(scope="session")
def _workers(
    server: Server, _template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    home = tmp_path_factory.mktemp("pipeline home")
    url = server.url(f"{_template}_world")
    settings = replace(
        Settings.from_environment({"LENS_HOME": str(home), "LENS_SETTLE_SECONDS": "0"}),
        database_url=url,
    )
    with Workers(settings, url) as workers:
        yield workers
    server.execute(f'drop database if exists "{_template}_world" with (force)')


@pytest.fixture
def world(fresh_world: Callable[[], World]) -> World:
    """A fresh warehouse."""
    return fresh_world()


@pytest.fixture
def fresh_world(
    server: Server, _template: str, _workers: Workers, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], World]:
    """Makes a fresh warehouse each time it is called; the one before is gone."""

    def make() -> World:
        name = f"{_template}_world"
        server.execute(f'drop database if exists "{name}" with (force)')
        server.execute(f'create database "{name}" template "{_template}"')
        folder = tmp_path_factory.mktemp("world")
        (folder / "landing").mkdir()
        url = with_database(server.base_url, name)
        migrate(url)
        settings = replace(
            Settings.from_environment(
                {"LENS_HOME": str(folder / "home"), "LENS_SETTLE_SECONDS": "0"}
            ),
            database_url=url,
            landing=folder / "landing",
        )
        return World(settings, url, _workers)

    return make


@pytest.fixture
def small_shop() -> dict[str, str]:
    """Seven tiny files: two stores, three products, four customers, twelve sales."""
    return dict(SMALL_SHOP)
