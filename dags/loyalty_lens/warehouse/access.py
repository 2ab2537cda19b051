"""The warehouse of a command: the embedded server or one's own, ready to be used."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import encrypt_password

from loyalty_lens.errors import SettingsError, WarehouseError, first_line
from loyalty_lens.settings import DEMO_SUFFIX, Settings
from loyalty_lens.warehouse import formats
from loyalty_lens.warehouse.connection import (
    MissingDatabaseError,
    connect,
    connected,
    shown,
    with_database,
)
from loyalty_lens.warehouse.migrate import SCHEMAS, is_current, migrate
from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo

BI_ROLE = "lens_bi"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerStatus:
    """How the warehouse stands; nothing is started to find out."""

    is_embedded: bool
    is_running: bool  # it answers, and the database is there
    where: str  # the URL without its password, or the folder of the embedded server
    message: str  # why it does not answer, or the server's version


def warehouse_url(settings: Settings) -> str:
    """The URL of a warehouse that is up, complete and migrated; whatever is missing is made.

    Raises WarehouseError where the server cannot be reached, started or set up.
    """
    if settings.database_url:
        url = _own_url(settings)
        _make_ready(url, settings.database_url, settings.bi_password)
        return url
    server = EmbeddedServer(settings.home)
    info = server.start()
    url = info.url(settings.database)
    if not _is_ready(url):
        with server.alone():
            _make_ready(url, info.url("postgres"), info.bi_password)
    return url


def running_url(settings: Settings) -> str:
    """The URL as it is, for programs that must not start or change anything.

    Raises WarehouseError saying `lens start` where the embedded server is down.
    """
    if settings.database_url:
        return _own_url(settings)
    return _running(settings).url(settings.database)


def bi_url(settings: Settings) -> str | None:
    """The URL for dashboards (role lens_bi); None on a server of one's own without a password."""
    warehouse_url(settings)
    return running_bi_url(settings)


def running_bi_url(settings: Settings) -> str | None:
    """The same of a warehouse that is up, without starting or connecting to anything.

    Raises WarehouseError saying `lens start` where the embedded server is down.
    """
    if not settings.database_url:
        return _running(settings).url(settings.database, user=BI_ROLE)
    if settings.bi_password:
        return formats.with_user(_own_url(settings), BI_ROLE, settings.bi_password)
    return None


def with_password(url: str | None) -> str:
    """The URL that `bi_url` or `running_bi_url` gave; SettingsError where they gave none."""
    if url is None:
        raise SettingsError("lens_bi has no password here; set LENS_BI_PASSWORD")
    return url


def connection_settings(settings: Settings) -> dict[str, str]:
    """PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and DATABASE_URL for other clients."""
    return formats.environment(warehouse_url(settings))


def server_status(settings: Settings) -> ServerStatus:
    """Looks without starting or changing anything; raises only SettingsError."""
    is_embedded = not settings.database_url
    where = str(settings.home) if is_embedded else shown(settings.database_url or "")
    try:
        url = running_url(settings)
        where = shown(url)
        with connected(url) as connection:
            version = str(connection.info.parameter_status("server_version"))
            return ServerStatus(is_embedded, True, where, f"PostgreSQL {version}")
    except WarehouseError as error:
        return ServerStatus(is_embedded, False, where, str(error))


def stop_server(settings: Settings) -> bool:
    """Stops the embedded server; says whether one was running. Own servers are left alone."""
    return False if settings.database_url else EmbeddedServer(settings.home).stop()


def drop_warehouse(settings: Settings) -> None:
    """Removes the warehouse, or with `settings.demo` that of the demo alone.

    On a server of one's own the schemas go, and the demo's database. The embedded server goes with
    its last database; it also goes where it cannot start any more, unless only the demo was meant.
    """
    if settings.database_url:
        if settings.demo:
            _drop_database(settings.database_url, _database_of(_own_url(settings)))
        else:
            _drop_schemas(settings.database_url)
        return
    server = EmbeddedServer(settings.home)
    if not server.exists():
        return
    try:
        info = server.start()
    except WarehouseError:
        if settings.demo:
            raise
        server.destroy()
        return
    _drop_database(info.url("postgres"), settings.database)
    with _statements(info.url("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select 1 from pg_database where not datistemplate and datname <> 'postgres'"
        )
        is_empty = cursor.fetchone() is None
    if is_empty:
        server.destroy()


def _own_url(settings: Settings) -> str:
    url = settings.database_url or ""
    database = _database_of(url)
    return with_database(url, database + DEMO_SUFFIX) if settings.demo else url


def _database_of(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")) or not urlsplit(url).path.strip("/"):
        raise WarehouseError(
            "LENS_DATABASE_URL is not a PostgreSQL URL with a database;"
            " write postgresql://user:password@host:5432/database"
        )
    return unquote(urlsplit(url).path.lstrip("/"))


def _running(settings: Settings) -> ServerInfo:
    info = EmbeddedServer(settings.home).running()
    if info is None:
        raise WarehouseError(f"the server under {settings.home} is down: lens start brings it back")
    return info


def _is_ready(url: str) -> bool:
    try:
        with _statements(url) as connection:
            return is_current(connection) and _may_log_in(connection)
    except MissingDatabaseError:
        return False


def _make_ready(url: str, base_url: str, bi_password: str | None) -> None:
    """Database, schemas and the password of lens_bi, each only where it is missing."""
    try:
        with _statements(url) as connection:
            is_fresh = not is_current(connection)
    except MissingDatabaseError:
        if _database_of(url) == _database_of(base_url):
            raise
        _create_database(base_url, _database_of(url))
        is_fresh = True
    if is_fresh:
        migrate(url)
    if bi_password and not _logs_in(formats.with_user(url, BI_ROLE, bi_password)):
        _let_bi_in(url, bi_password)


def _create_database(base_url: str, database: str) -> None:
    with _statements(base_url) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
        except (errors.DuplicateDatabase, errors.UniqueViolation):
            LOG.debug("database %s: somebody else was quicker", database)
        except errors.InsufficientPrivilege:
            raise WarehouseError(
                f"{shown(base_url)}: this user may not create the database {database};"
                " create it, or grant createdb to the user of LENS_DATABASE_URL"
            ) from None


def _drop_database(base_url: str, database: str) -> None:
    with _statements(base_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
        )


def _drop_schemas(url: str) -> None:
    with _statements(url) as connection, connection.cursor() as cursor:
        for schema in SCHEMAS:
            cursor.execute(
                sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            )


@contextmanager
def _statements(url: str) -> Iterator[Connection]:
    """A connection for statements that stand alone; refusals become one line."""
    connection = connect(url, autocommit=True)
    try:
        yield connection
    except psycopg2.Error as error:
        raise WarehouseError(f"{shown(url)}: {first_line(error)}") from None
    finally:
        connection.close()


def _may_log_in(connection: Connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select rolcanlogin from pg_roles where rolname = %s", (BI_ROLE,))
        return cursor.fetchone() == (True,)


def _logs_in(url: str) -> bool:
    try:
        connect(url).close()
    except WarehouseError:
        return False
    return True


def _let_bi_in(url: str, password: str) -> None:
    """Sets the password, hashed here so that no log of the server can hold it."""
    connection = connect(url, autocommit=True)
    try:
        hashed = encrypt_password(password, BI_ROLE, connection, "scram-sha-256")
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("alter role {} login password {}").format(
                    sql.Identifier(BI_ROLE), sql.Literal(hashed)
                )
            )
    except (errors.InsufficientPrivilege, errors.UndefinedObject):
        LOG.warning(
            "%s: this user may not give lens_bi its password, so dashboards cannot log in;"
            " run as a user with createrole: alter role lens_bi login password '...'",
            shown(url),
        )
    except errors.InternalError_:
        LOG.debug("lens_bi: somebody else was quicker")  # tuple concurrently updated
    finally:
        connection.close()
