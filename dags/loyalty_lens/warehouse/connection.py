"""Connections to the warehouse, with every failure turned into one clear line."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError, first_line
from loyalty_lens.warehouse.account import user_name

OLDEST_VERSION = 16
RECOVERING = "database system is (starting up|in recovery mode|not yet accepting connections)"
RECOVERY_SECONDS = 60.0
SESSION = {"timezone": "UTC", "datestyle": "ISO,YMD", "client_encoding": "UTF8"}
# What may stand in the name of a person without being quoted.
NOT_OF_A_NAME = r"[^\w.@+-]+"
UNNAMED = "the server of LENS_DATABASE_URL"
NOT_A_URL = (
    "LENS_DATABASE_URL is not a PostgreSQL URL; write postgresql://user:password@host:5432/database"
)


class MissingDatabaseError(WarehouseError):
    """The server answers and lets the user in, but has no such database."""


@contextmanager
def connected(
    url: str, *, autocommit: bool = False, parameters: Mapping[str, str] | None = None
) -> Iterator[Connection]:
    """A connection that commits at the end of the block, rolls back on an error, and is closed.

    `parameters`: of the session, given while connecting, so that no log of statements holds them.

    Raises WarehouseError where the server cannot be reached, refuses, is older than 16, or goes
    away before the block ends.
    """
    connection = connect(url, autocommit=autocommit, parameters=parameters)
    try:
        with connection:
            yield connection
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        if not connection.closed:  # a full disk, a lock timeout: the server's own words
            raise WarehouseError(
                f"{shown(url)}: {first_line(error, otherwise=type(error).__name__)}"
            ) from error
        raise WarehouseError(
            f"{shown(url)}: the server went away in the middle of the work;"
            " nothing half-done is kept, run again"
        ) from error
    finally:
        connection.close()


def connect(
    url: str, *, autocommit: bool = False, parameters: Mapping[str, str] | None = None
) -> Connection:
    """An open connection; the session speaks UTC and ISO dates. Raises WarehouseError."""
    connection = _patiently(url, {**SESSION, "lens.actor": actor(), **(parameters or {})})
    if connection.server_version < OLDEST_VERSION * 10000:
        version = connection.server_version // 10000
        connection.close()
        raise WarehouseError(
            f"{shown(url)}: the server is PostgreSQL {version};"
            f" use {OLDEST_VERSION} or newer (LENS_DATABASE_URL)"
        )
    connection.autocommit = autocommit
    return connection


def actor() -> str:
    """Who is at work, for the audit log: LENS_ACTOR, else the user of this machine."""
    named = os.environ.get("LENS_ACTOR", "").strip()
    return re.sub(NOT_OF_A_NAME, "_", named or user_name(os.geteuid()))


def _patiently(url: str, parameters: Mapping[str, str]) -> Connection:
    """Waits while a server that has just been started or has crashed puts itself in order."""
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            return psycopg2.connect(
                url,
                connect_timeout=10,
                application_name="loyalty_lens",
                options=" ".join(f"-c {name}={value}" for name, value in parameters.items()),
            )
        except (psycopg2.OperationalError, psycopg2.ProgrammingError, UnicodeDecodeError) as error:
            message = str(error)
        if not re.search(RECOVERING, message) or time.monotonic() > end:
            raise _explained(url, message)
        time.sleep(0.2)


def shown(url: str) -> str:
    """The URL as it may be printed: without the password, and without its options."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return UNNAMED
    # An @ further on means that a password with an unescaped / ? or # was cut in two.
    if parts.scheme not in ("postgresql", "postgres") or "@" in url.split(parts.netloc, 1)[-1]:
        return UNNAMED
    user = f"{parts.username}@" if parts.username else ""
    host = f"[{host}]" if ":" in host else host
    return urlunsplit(("postgresql", f"{user}{host}{port}", parts.path, "", ""))


def with_database(url: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(database, safe="")))


def _explained(url: str, message: str) -> WarehouseError:
    where = shown(url)
    if "invalid dsn" in message or 'missing "="' in message or where == UNNAMED:
        return WarehouseError(NOT_A_URL)
    if "password authentication failed" in message or "no password supplied" in message:
        return WarehouseError(f"{where}: user or password is wrong; correct LENS_DATABASE_URL")
    if re.search(r'database ".*" does not exist', message):
        return MissingDatabaseError(
            f"{where}: the database does not exist; create it or correct LENS_DATABASE_URL"
        )
    if re.search(r'role ".*" does not exist', message):
        return WarehouseError(
            f"{where}: the role does not exist; create it or correct LENS_DATABASE_URL"
        )
    if "could not translate host name" in message:
        return WarehouseError(f"{where}: the host is not known; correct LENS_DATABASE_URL")
    if any(word in message for word in ("refused", "timeout", "timed out", "No such file")):
        return WarehouseError(
            f"{where}: no server answers; start it (lens start) or correct LENS_DATABASE_URL"
        )
    return WarehouseError(f"{where}: {first_line(message)}")
