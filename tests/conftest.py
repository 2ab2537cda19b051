"""One server a test session, one database a test module. Tests that ask for neither start nothing.

dbt and Great Expectations are processes of the session, too: tests/helpers/shared.py.

LENS_TEST_DATABASE_URL names a server to use in place of an embedded one; its user needs `createdb`
and `createrole`. Databases named `lens_test_...` are made there and removed at the end.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connect, with_database
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import ADMIN, EmbeddedServer

BI_PASSWORD = "only-for-tests"
# Nothing here must survive a power cut.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Files that take minutes begin before all others: no worker is left alone with one at the end.
LONGEST = (
    "tests/integration/stack/test_commands.py",
    "tests/dags/test_scheduler.py",
    "tests/dags/test_dag_run.py",
    "tests/integration/pipeline/test_invariants.py",
    "tests/dbt/test_build.py",
    "tests/integration/models/test_models.py",
    "tests/integration/cli/test_demo.py",
    "tests/integration/cli/test_commands.py",
    "tests/faults/test_faults.py",
)

NewDatabase = Callable[[], str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files of LONGEST in their order, then all others in theirs."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.location[0], len(places)))


@dataclass(frozen=True)
class Server:
    """The server of this test session, and the database that may be used to make others."""

    base_url: str
    is_embedded: bool
    admin_url: str  # of a superuser, for what a test must look at; the pipeline is none

    def url(self, database: str) -> str:
        return with_database(self.base_url, database)

    def execute(self, statement: str) -> None:
        """One statement in the base database, outside a transaction."""
        with closing(connect(self.base_url, autocommit=True)) as connection:
            connection.cursor().execute(statement)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that answers, stopped at the end."""
    own = os.environ.get("LENS_TEST_DATABASE_URL", "").strip()
    if own:
        yield Server(own, is_embedded=False, admin_url=own)
        return
    # Not pytest's own folder: the next session takes the search bit off its parent.
    folder = Path(tempfile.mkdtemp(prefix="loyalty lens "))
    embedded = EmbeddedServer(folder / "home", options=HASTY)
    try:
        info = embedded.start()
        yield Server(
            info.url("postgres"), is_embedded=True, admin_url=info.url("postgres", user=ADMIN)
        )
    finally:
        embedded.destroy()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_database(server: Server) -> Iterator[NewDatabase]:
    """Makes a migrated database and gives its URL: a copy of a template made once a session."""
    prefix = f"lens_test_{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}_template"]
    server.execute(f"create database {names[0]}")
    migrate(server.url(names[0]))

    def create() -> str:
        names.append(f"{prefix}_{len(names)}")
        server.execute(f"create database {names[-1]} template {names[0]}")
        return server.url(names[-1])

    yield create
    for name in [] if server.is_embedded else reversed(names):
        server.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="module")
def database(new_database: NewDatabase) -> str:
    """The URL of a migrated database of this test module."""
    return new_database()


@pytest.fixture(scope="module")
def settings(database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for this module's database, and an empty landing folder."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "landing").mkdir()
    return replace(
        Settings.from_environment({"LENS_HOME": str(folder / "home"), "LENS_SETTLE_SECONDS": "0"}),
        database_url=database,
        landing=folder / "landing",
        bi_password=BI_PASSWORD,
    )
