"""Dead rows and statistics, logs of old runs, rows of files that were superseded long ago."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.privacy import retention
from loyalty_lens.settings import Settings
from loyalty_lens.splits import load_layouts
from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.warehouse.migrate import SCHEMAS

LOG = logging.getLogger(__name__)
TABLES = """
select schemaname, tablename from pg_tables
where schemaname = any(%s) and pg_has_role(tableowner, 'usage')
order by schemaname, tablename
"""
# Whoever took the place of a batch tells since when it has been superseded.
OLD_BATCHES = """
select old.data_set, array_agg(old.batch_id)
from ops.load_batches as old
inner join ops.load_batches as new on old.superseded_by = new.batch_id
where old.status = 'superseded' and new.loaded_at < now() - make_interval(days => %s)
group by old.data_set
"""
OLD_RUNS = """
delete from ops.model_runs as runs
using ops.pipeline_runs as pipeline
where runs.run_id = pipeline.run_id and pipeline.finished_at < now() - make_interval(days => %s)
"""
LOGS = ("*.log", "*.log.*")


def vacuum(url: str) -> int:
    """Vacuums and analyzes every table of the warehouse; returns how many."""
    with closing(connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES, (list(SCHEMAS),))
        tables = cursor.fetchall()
        for table in tables:
            cursor.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(*table)))
    LOG.info("vacuum: %d tables", len(tables))
    return len(tables)


def forget_old(settings: Settings, url: str, *, logs: Path | None = None) -> dict[str, int]:
    """Removes what is older than LENS_LOG_DAYS and LENS_RAW_DAYS; counts by kind.

    Never what a mart or an audit needs: certificates, judgements, rows of live batches, and batches
    that were unloaded on purpose stay. `logs`: a folder of log files besides those of LENS_HOME.
    """
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(OLD_RUNS, (settings.log_days,))
        removed = {"model_runs": cursor.rowcount, "raw_rows": 0}
        if settings.raw_days:
            removed["raw_rows"] = _forget_superseded(cursor, settings.raw_days)
    places = [settings.home / "dbt", *([logs] if logs else [])]
    removed["log_files"] = sum(_forget_logs(place, settings.log_days) for place in places)
    LOG.info("removed: %s", ", ".join(f"{count:,} {name}" for name, count in removed.items()))
    return removed


def retain(settings: Settings, url: str) -> dict[str, int]:
    """Carries out the rules on how long personal data are kept, where there are any.

    Keys: the data sets, with what was removed of each.
    """
    return retention.retain(settings, url)


def _forget_superseded(cursor: Cursor, days: int) -> int:
    cursor.execute(OLD_BATCHES, (days,))
    count, layouts = 0, load_layouts()
    for data_set, batches in cursor.fetchall():
        for schema in ("raw", "reject"):
            cursor.execute("select to_regclass(%s) is not null", (f"{schema}.{data_set}",))
            if data_set in layouts and cursor.fetchone() == (True,):
                cursor.execute(
                    sql.SQL("delete from {} where _batch_id = any(%s)").format(
                        sql.Identifier(schema, data_set)
                    ),
                    (batches,),
                )
                count += cursor.rowcount if schema == "raw" else 0
    return count


def _forget_logs(folder: Path, days: int) -> int:
    """Log files that nobody wrote to for so long, and the folders that they leave empty."""
    limit = time.time() - days * 86400
    old = [path for path in _files(folder) if path.stat().st_mtime < limit]
    for path in old:
        path.unlink(missing_ok=True)
        for parent in path.relative_to(folder).parents[:-1]:
            with suppress(OSError):  # not empty
                (folder / parent).rmdir()
    return len(old)


def _files(folder: Path) -> Iterator[Path]:
    for pattern in LOGS:
        for path in folder.rglob(pattern) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink():
                yield path
