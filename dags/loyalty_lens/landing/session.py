"""Around a landing: one ingest at a time before it, the planner's statistics after it."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError, first_line
from loyalty_lens.warehouse.connection import connect, shown

LOCK = 0x4C414E44  # "LAND": one ingest at a time in a database
GROWN = 1.05  # times what a table was when its statistics were taken: these hold until then
logger = logging.getLogger("loyalty_lens.landing")


@contextmanager
def exclusive(url: str, parameters: Mapping[str, str] | None = None) -> Iterator[Connection]:
    """A connection that holds the landing lock; a second ingest waits here for the first.

    `parameters`: of the session.

    Raises WarehouseError where the server cannot be reached or fails on the way.
    """
    connection = connect(url, parameters=parameters)
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
        reason = first_line(error, otherwise="connection lost")
        raise WarehouseError(
            f"{shown(url)}: landing broke off ({reason});"
            " the file in hand was rolled back, run lens ingest again"
        ) from error
    finally:
        connection.close()


def refresh_statistics(connection: Connection, data_sets: Iterable[str]) -> None:
    """Tells the planner what has come; autovacuum would take a minute, with bad plans meanwhile.

    Where rows are and how many: of the texts no plan makes use, for all is read through functions,
    and looking at them took longer than loading a day. Where what came is little beside what was
    there, the statistics hold: a sample of a long history takes longer than loading a day, too.
    """
    with connection, connection.cursor() as cursor:
        for name in sorted(set(data_sets)):
            table = sql.Identifier("raw", name)
            cursor.execute(
                "select pg_relation_size(oid) <= %s * relpages"
                " * cast(current_setting('block_size') as integer)"
                " from pg_class where oid = cast(%s as regclass)",
                (GROWN, table.as_string(cursor)),
            )
            if cursor.fetchone() != (True,):
                cursor.execute(sql.SQL("analyze {} (_batch_id, _row_number)").format(table))
