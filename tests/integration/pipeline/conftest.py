"""Whole runs, in one process: the helper processes start once a session and serve every warehouse.

A warehouse begins as a copy of one whose staging layer stands, and goes when the next of its name
is made.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.connection import connect, with_database
from loyalty_lens.warehouse.migrate import migrate
from tests.conftest import NewDatabase, Server
from tests.helpers.shared import shared_workers
from tests.integration.pipeline.worlds import SMALL_SHOP, World

NewWorld = Callable[..., World]


@pytest.fixture(scope="session")
def _standing(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database whose staging layer is built, which no data change."""
    url = new_database()
    home = tmp_path_factory.mktemp("standing")
    workers = shared_workers(Settings.from_environment({"LENS_HOME": str(home)}), url)
    build(url, workers.dbt, "staging", run_id=None, business_date=None)
    with closing(connect(url, autocommit=True)) as connection:
        cursor = connection.cursor()
        cursor.execute("truncate ops.model_runs")
        cursor.execute(  # dbt's own wait for the next model
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    return url.rsplit("/", 1)[-1]


@pytest.fixture
def world(fresh_world: NewWorld) -> World:
    """A fresh warehouse."""
    return fresh_world()


@pytest.fixture(scope="session")
def fresh_world(
    server: Server,
    _standing: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[NewWorld]:
    """Makes a fresh warehouse of a name each time it is called; the one before is gone."""
    names = set()

    def make(name: str = "world") -> World:
        database = f"{_standing}_{name}"
        names.add(database)
        server.execute(f'drop database if exists "{database}" with (force)')
        server.execute(f'create database "{database}" template "{_standing}"')
        folder = tmp_path_factory.mktemp("world")
        (folder / "landing").mkdir()
        url = with_database(server.base_url, database)
        migrate(url)
        settings = replace(
            Settings.from_environment(
                {"LENS_HOME": str(folder / "home"), "LENS_SETTLE_SECONDS": "0"}
            ),
            database_url=url,
            landing=folder / "landing",
        )
        return World(settings, url, shared_workers(settings, url))

    yield make
    for database in names:
        server.execute(f'drop database if exists "{database}" with (force)')


@pytest.fixture
def small_shop() -> dict[str, str]:
    """Seven tiny files: two stores, three products, four customers, twelve sales."""
    return dict(SMALL_SHOP)
