"""Connections to the warehouse, with every failure turned into one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError

OLDEST_VERSION = 16


@contextmanager
def connected(url: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """A connection that commits at the end of the block, rolls back on an error, and is closed.

    Raises WarehouseError where the server cannot be reached, refuses, or is older than 16.
    """
    connection = connect(url, autocommit=autocommit)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """An open connection; the session speaks UTC and ISO dates. Raises WarehouseError."""
    try:
        connection = psycopg2.connect(
            url,
            connect_timeout=10,
            application_name="loyalty_lens",
            options="-c timezone=UTC -c datestyle=ISO,YMD -c client_encoding=UTF8",
        )
    except (psycopg2.OperationalError, psycopg2.ProgrammingError, UnicodeDecodeError) as error:
        raise WarehouseError(_explained(url, str(error))) from None
    if connection.server_version < OLDEST_VERSION * 10000:
        version = connection.server_version // 10000
        connection.close()
        raise WarehouseError(
            f"{shown(url)}: the server is PostgreSQL {version};"
            f" use {OLDEST_VERSION} or newer (LENS_DATABASE_URL)"
        )
    connection.autocommit = autocommit
    return connection


def shown(url: str) -> str:
    """The URL as it may be printed: without the password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the server of LENS_DATABASE_URL"
    if not parts.scheme.startswith("postgres"):
        return "the server of LENS_DATABASE_URL"
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(("postgresql", f"{user}{host}{port}", parts.path, "", ""))


def with_database(url: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path="/" + database))


def _explained(url: str, message: str) -> str:
    where = shown(url)
    if "invalid dsn" in message or 'missing "="' in message or not where.startswith("postgresql"):
        return (
            "LENS_DATABASE_URL is not a PostgreSQL URL;"
            " write postgresql://user:password@host:5432/database"
        )
    if "password authentication failed" in message or "no password supplied" in message:
        return f"{where}: user or password is wrong; correct LENS_DATABASE_URL"
    if "does not exist" in message:
        what = "role" if "role" in message.split("FATAL:")[-1] else "database"
        return f"{where}: the {what} does not exist; create it or correct LENS_DATABASE_URL"
    if "could not translate host name" in message:
        return f"{where}: the host is not known; correct LENS_DATABASE_URL"
    if any(word in message for word in ("refused", "timeout", "timed out", "No such file")):
        return f"{where}: no server answers; start it (lens start) or correct LENS_DATABASE_URL"
    first_line = message.strip().splitlines()[0] if message.strip() else "no reason given"
    return f"{where}: {first_line}"
