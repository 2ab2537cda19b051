"""The warehouse made ready for landing: one ingest at a time, and defaults that keep COPY fast."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse.connection import connect, shown

LOCK = 0x4C414E44  # "LAND": one ingest at a time in a database
# What COPY fills in by itself. A volatile default other than nextval makes COPY insert row by row.
DEFAULTS = {
    "_batch_id": "ops.batch_in_progress()",
    "_row_number": "nextval('ops.row_number')",
    "_loaded_at": "statement_timestamp()",
}
logger = logging.getLogger("loyalty_lens.landing")


@contextmanager
def exclusive(url: str) -> Iterator[Connection]:
    """A connection that holds the landing lock; a second ingest waits here for the first.

    Raises WarehouseError where the server cannot be reached or fails on the way.
    """
    connection = connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", (LOCK,))
            if cursor.fetchone() != (True,):
                logger.warning("another ingest is running: waiting for it to end")
                cursor.execute("select pg_advisory_lock(%s)", (LOCK,))
        yield connection
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName) as error:
        raise WarehouseError(
            f"{shown(url)}: the warehouse is not set up; run lens start"
        ) from error
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "connection lost"
        raise WarehouseError(
            f"{shown(url)}: landing broke off ({reason});"
            " the file in hand was rolled back, run lens ingest again"
        ) from error
    finally:
        connection.close()


def prepare(connection: Connection, data_sets: Iterable[DataSet]) -> None:
    """Sets the defaults of the raw tables' own columns where they are not yet so."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name, column_default from information_schema.columns"
            " where table_schema = 'raw' and column_name = any(%s)",
            (list(DEFAULTS),),
        )
        present = {(table, column): default or "" for table, column, default in cursor.fetchall()}
        for data_set in data_sets:
            wrong = [
                column
                for column, default in DEFAULTS.items()
                if default.split("(")[0] not in present.get((data_set.name, column), "")
            ]
            if wrong:
                changes = [
                    sql.SQL("alter column {} set default {}").format(
                        sql.Identifier(column), sql.SQL(DEFAULTS[column])
                    )
                    for column in wrong
                ]
                cursor.execute(
                    sql.SQL("alter table raw.{} {}").format(
                        sql.Identifier(data_set.name), sql.SQL(", ").join(changes)
                    )
                )
