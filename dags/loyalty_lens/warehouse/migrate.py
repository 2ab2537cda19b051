"""Versioned migrations: plain SQL files, applied in order, each once and in its own transaction."""

import hashlib
from pathlib import Path

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse.connection import connected, shown
from loyalty_lens.warehouse.tables import synchronise_tables

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK = 0x4C454E53  # "LENS": one migration at a time in a database


def migrate(url: str) -> list[str]:
    """Brings schemas, `ops` tables and the tables of `datasets.yml` up to date; names what it applied.

    Raises WarehouseError where the user may not create schemas, or where a migration that was
    applied has been edited since.
    """
    try:
        with connected(url) as connection:
            applied = _apply_missing(connection)
            synchronise_tables(connection, load_data_sets())
            return applied
    except errors.InsufficientPrivilege as error:
        reason = str(error).strip().splitlines()[0]
        raise WarehouseError(
            f"{shown(url)}: this user may not set up the warehouse ({reason});"
            " grant create on the database or use its owner in LENS_DATABASE_URL"
        ) from None
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WarehouseError(f"{shown(url)}: the warehouse cannot be set up: {reason}") from error


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
        for path in sorted(MIGRATIONS.glob("*.sql")):
            script = path.read_text("utf-8")
            digest = hashlib.sha256(script.encode()).hexdigest()
            if path.name not in known:
                cursor.execute(script)
                cursor.execute(
                    "insert into ops.migrations (name, sha256) values (%s, %s)", (path.name, digest)
                )
                applied.append(path.name)
            elif known[path.name] != digest:
                raise WarehouseError(
                    f"{path.name} was applied and has been edited since;"
                    " put it back and write a new migration"
                )
    return applied
