"""What counts in a warehouse, copied into another, so that new files meet what they would meet."""

import os
import threading
from contextlib import closing

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.splits import load_splits
from loyalty_lens.warehouse.connection import connect

LIVE = sql.SQL(
    "where _batch_id in (select batch_id from ops.load_batches"
    " where status in ('loaded', 'validated', 'held', 'split'))"
)
ALL = sql.SQL("")


def mirror(source_url: str, target_url: str) -> bool:
    """Copies batches and the rows of live ones, from server to server; False: there is nothing.

    The source is only read, in one snapshot. Memory does not grow with the data.
    """
    tables = {("ops", "load_batches"): ALL, ("ops", "duplicates"): LIVE}
    tables |= {("raw", name): LIVE for name in load_data_sets()}
    tables |= {("raw", name): LIVE for name in load_splits()}
    tables |= {("reject", name): LIVE for name in load_data_sets()}
    tables |= {("ops", "landing_files"): ALL}
    with closing(connect(source_url)) as source, closing(connect(target_url)) as target:
        source.set_session(isolation_level="REPEATABLE READ", readonly=True)
        if not _columns(source, "ops", "load_batches"):
            return False
        for (schema, table), where in tables.items():
            _copy(source, target, schema, table, where)
        with target.cursor() as cursor:
            cursor.execute(
                "select setval(pg_get_serial_sequence('ops.load_batches', 'batch_id'),"
                " greatest(max(batch_id), 1)) from ops.load_batches"
            )
            cursor.execute("analyze")
        target.commit()
    return True


def _copy(
    source: Connection, target: Connection, schema: str, table: str, where: sql.Composable
) -> None:
    """One table, the columns that both have, through a pipe."""
    known = _columns(source, schema, table)
    names = [name for name in _columns(target, schema, table) if name in known]
    if not names:
        return
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    name = sql.Identifier(schema, table)
    read = sql.SQL("copy (select {} from {} {}) to stdout").format(columns, name, where)
    write = sql.SQL("copy {} ({}) from stdin").format(name, columns)
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def pump() -> None:
        try:
            with os.fdopen(writing, "wb") as stream, source.cursor() as cursor:
                cursor.copy_expert(read, stream)
        except BaseException as error:  # noqa: BLE001  (raised by the caller)
            failures.append(error)

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as stream, target.cursor() as cursor:
            cursor.copy_expert(write, stream)
    finally:
        thread.join()
    if failures:
        raise failures[0]


def _columns(connection: Connection, schema: str, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
            " and not attisdropped and attgenerated = '' order by attnum",
            (f"{schema}.{table}",),
        )
        return [name for (name,) in cursor.fetchall()]
