"""Versioned migrations: plain SQL files, applied in order, each once and in its own transaction."""

import hashlib
from pathlib import Path

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import WarehouseError, first_line
from loyalty_lens.splits import load_layouts, load_splits
from loyalty_lens.warehouse.connection import connected, shown
from loyalty_lens.warehouse.roles import open_to_roles
from loyalty_lens.warehouse.tables import synchronise_tables

MIGRATIONS = Path(__file__).with_name("migrations")
# What `lens reset` drops on a server of one's own.
SCHEMAS = (
    *("raw", "reject", "accepted", "judge", "staging", "clean", "marts", "ops"),
    *("privacy", "analyst", "marketing", "steward"),
)
LOCK = 0x4C454E53  # "LENS": one migration at a time in a database


def migrate(url: str) -> list[str]:
    """Brings schemas, `ops` and the tables of `datasets.yml` up to date; names what it applied.

    Raises WarehouseError where the user may not create schemas, or where a migration that was
    applied has been edited since.
    """
    try:
        with connected(url) as connection:
            applied = _apply_missing(connection)
            synchronise_tables(connection, load_data_sets(), load_splits())
            open_to_roles(connection)
            return applied
    except errors.InsufficientPrivilege as error:
        reason = first_line(error)
        raise WarehouseError(
            f"{shown(url)}: this user may not set up the warehouse ({reason});"
            " grant create on the database or use its owner in LENS_DATABASE_URL"
        ) from None
    except psycopg2.Error as error:
        reason = first_line(error, otherwise=type(error).__name__)
        raise WarehouseError(f"{shown(url)}: the warehouse cannot be set up: {reason}") from error


def is_current(connection: Connection) -> bool:
    """Whether `migrate` would have nothing to do; two small queries, no rights needed to create."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('ops.migrations') is not null")
        if cursor.fetchone() == (False,):
            return False
        cursor.execute("select name, sha256 from ops.migrations")
        known = dict(cursor.fetchall())
        cursor.execute(
            "select pg_class.relname, pg_attribute.attname from pg_attribute"
            " inner join pg_class on pg_attribute.attrelid = pg_class.oid"
            " inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid"
            " where pg_namespace.nspname = 'raw' and not pg_attribute.attisdropped"
        )
        existing = set(cursor.fetchall())
    wanted = {
        (data_set.name, column)
        for data_set in load_layouts().values()
        for column in data_set.column_names
    }
    applied = {name: _digest(script) for name, script in _scripts().items()}
    return wanted <= existing and applied.items() <= known.items()


def _scripts() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted(MIGRATIONS.glob("*.sql"))}


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()


def _apply_missing(connection: Connection) -> list[str]:
    applied = []
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute("select to_regclass('ops.migrations') is not null")
        if cursor.fetchone() == (False,):
            cursor.execute("create schema if not exists ops")
            cursor.execute(
                "create table ops.migrations (name text primary key, sha256 text not null,"
                " applied_at timestamptz not null default clock_timestamp())"
            )
        cursor.execute("select name, sha256 from ops.migrations")
        known = dict(cursor.fetchall())
        for name, script in _scripts().items():
            if name not in known:
                cursor.execute(script)
                cursor.execute(
                    "insert into ops.migrations (name, sha256) values (%s, %s)",
                    (name, _digest(script)),
                )
                applied.append(name)
            elif known[name] != _digest(script):
                raise WarehouseError(
                    f"{name} was applied and has been edited since;"
                    " put it back and write a new migration"
                )
    return applied
