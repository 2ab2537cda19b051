"""Whole runs, in one process: the helper processes start once a session and serve every warehouse.

All warehouses of these tests have the same name in turn (dbt's manifest names the database), so a
fresh one is the template copied over the last.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.connection import connect, with_database
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
    for name in ("world", "standing"):
        server.execute(f'drop database if exists "{_template}_{name}" with (force)')


@pytest.fixture(scope="session")
def _standing(server: Server, _template: str, _workers: Workers) -> str:
    """The template with its staging layer built, which no data change."""
    world, standing = f"{_template}_world", f"{_template}_standing"
    server.execute(f'create database "{world}" template "{_template}"')
    build(server.url(world), _workers.dbt, "staging", run_id=None, business_date=None)
    with closing(connect(server.url(world), autocommit=True)) as connection:
        cursor = connection.cursor()
        cursor.execute("truncate ops.model_runs")
        cursor.execute(  # dbt's own wait for the next model
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    server.execute(f'create database "{standing}" template "{world}"')
    return standing


@pytest.fixture
def world(fresh_world: Callable[[], World]) -> World:
    """A fresh warehouse."""
    return fresh_world()


@pytest.fixture
def fresh_world(
    server: Server,
    _template: str,
    _standing: str,
    _workers: Workers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], World]:
    """Makes a fresh warehouse each time it is called; the one before is gone."""

    def make() -> World:
        name = f"{_template}_world"
        server.execute(f'drop database if exists "{name}" with (force)')
        server.execute(f'create database "{name}" template "{_standing}"')
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
