"""Checks that read everything: too much for a daily run, so weekly and monthly."""

import logging
from typing import Any

import psycopg2
from psycopg2 import sql

from loyalty_lens.bring.throwaway import throwaway_database
from loyalty_lens.errors import QualityError, WarehouseError
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.recovery.backup import backups
from loyalty_lens.recovery.restore import restore
from loyalty_lens.settings import Settings
from loyalty_lens.splits import load_layouts
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)
RAW = """
select batches.batch_id, batches.source_file,
    batches.rows_read - batches.rows_malformed as due, coalesce(rows.row_count, 0) as there
from ops.load_batches as batches
left join (
    select _batch_id, count(*) as row_count from {table} group by _batch_id
) as rows on batches.batch_id = rows._batch_id
where batches.data_set = %s and batches.status in ('validated', 'split')
    and batches.rows_read - batches.rows_malformed <> coalesce(rows.row_count, 0)
order by batches.batch_id limit 5
"""


def data_tests(settings: Settings, url: str) -> dict[str, int]:
    """Every data test of dbt, over all rows; a daily run looks at those of the day alone.

    Raises TransformError naming the first that failed; the marts stay as they are.
    """
    with Workers(settings, url) as workers:
        return build(url, workers.dbt, "data tests", run_id=None, business_date=None)


def raw_is_whole(url: str) -> dict[str, int]:
    """Every live file's rows are in raw, as many as were read; rows by data set.

    Raises QualityError naming the file.
    """
    counts = {}
    with connected(url) as connection, connection.cursor() as cursor:
        for name in load_layouts():
            cursor.execute("select to_regclass(%s) is not null", (f"raw.{name}",))
            if cursor.fetchone() != (True,):
                continue
            table = sql.Identifier("raw", name)
            try:
                cursor.execute(sql.SQL(RAW).format(table=table), (name,))
            except psycopg2.errors.DataCorrupted as error:
                raise QualityError(f"raw.{name} is damaged: lens restore ({error})") from error
            if broken := cursor.fetchone():
                batch, file, due, there = broken
                raise QualityError(
                    f"raw.{name}: batch {batch} ({file}) has {there:,} of {due:,} rows;"
                    " lens restore brings them back"
                )
            cursor.execute(sql.SQL("select count(*) from {}").format(table))
            (counts[name],) = cursor.fetchone() or (0,)
    return counts


def restore_drill(settings: Settings, url: str) -> dict[str, Any]:
    """Restores the newest backup into a database of its own, compares, and drops that again.

    Raises WarehouseError where there is none, or it does not bring back what it saved.
    """
    found = backups(url, settings.backups)
    if not found:
        raise WarehouseError(f"{settings.backups}: no backup of this warehouse; run lens backup")
    with throwaway_database(url) as elsewhere:
        content = restore(elsewhere, found[0].path)
    LOG.info("%s brings back %s rows", found[0].path.name, f"{content.rows:,}")
    return {"backup": found[0].path.name, "rows": content.rows, "tables": len(content.row_counts)}
