"""A database for one look, gone when the look is over, and swept away later if that was cut short.

It lies beside the warehouse on the same server. Where there is no server yet, or its user may not
create databases, an embedded server in a folder for temporary files does instead.
"""

import fcntl
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import LensError, WarehouseError, first_line
from loyalty_lens.warehouse.access import BI_ROLE
from loyalty_lens.warehouse.connection import connect, shown, with_database
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import EmbeddedServer

PREFIX = "lens_check_"
# Nothing here must survive a power cut.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NotAllowed(WarehouseError):  # noqa: N818 - it says why there is none
    """The user of the server may not create databases."""


@contextmanager
def throwaway_database(base_url: str) -> Iterator[str]:
    """The URL of an empty migrated database on the server of `base_url`; dropped at the end.

    Raises NotAllowed, and WarehouseError where the server cannot be reached.
    """
    name = PREFIX + uuid.uuid4().hex[:12]
    with closing(connect(base_url, autocommit=True)) as keeper:
        with keeper.cursor() as cursor:
            # Says to a sweep that the database is in use before it is there.
            cursor.execute("select set_config('application_name', %s, false)", (name,))
            had_role = _has_role(keeper)
            sweep_databases(keeper)
            try:
                cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            except errors.InsufficientPrivilege as error:
                raise NotAllowed(f"{shown(base_url)}: {first_line(error)}") from None
        try:
            url = with_database(base_url, name)
            migrate(url)
            yield url
        finally:
            _drop(keeper, name)
            if not had_role:
                with suppress(psycopg2.Error), keeper.cursor() as cursor:
                    cursor.execute(sql.SQL("drop role if exists {}").format(_role()))


def sweep(url: str) -> None:
    """Removes whatever looks that were killed have left, on the server of `url` and beside it."""
    with closing(connect(url, autocommit=True)) as connection:
        sweep_databases(connection)
    _sweep_servers()


def sweep_databases(connection: Connection) -> None:
    """Drops databases that a look left when it was killed; those in use are left alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select datname from pg_database where starts_with(datname, %s)"
            " and pg_has_role(datdba, 'member') and not exists ("
            " select from pg_stat_activity where application_name = pg_database.datname)",
            (PREFIX,),
        )
        for (name,) in cursor.fetchall():
            _drop(connection, name)


@contextmanager
def throwaway_server() -> Iterator[str]:
    """The URL of a server of its own, in a folder that is removed at the end."""
    _sweep_servers()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    with (folder / "in_use").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = EmbeddedServer(folder / "home", options=HASTY)
        try:
            yield server.start().url("postgres")
        finally:
            server.destroy()
            shutil.rmtree(folder, ignore_errors=True)


def _sweep_servers() -> None:
    """Ends servers, and removes their folders, of looks that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, LensError), (folder / "in_use").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            EmbeddedServer(folder / "home").destroy()
            shutil.rmtree(folder)


def _drop(connection: Connection, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


def _role() -> sql.Identifier:
    return sql.Identifier(BI_ROLE)


def _has_role(connection: Connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_roles where rolname = %s)", (BI_ROLE,))
        return cursor.fetchone() == (True,)
