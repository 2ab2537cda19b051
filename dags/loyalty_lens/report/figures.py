"""The figures of the summary, read from the warehouse: a second look gives the same answer."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.points.restatements import restated
from loyalty_lens.report.points import Points, points
from loyalty_lens.splits import load_layouts
from loyalty_lens.warehouse.connection import connected

FILES = """
select
    data_set, count(*) as files, sum(rows_read) as rows_read, sum(rows_accepted) as accepted,
    sum(rows_rejected) as rejected, sum(rows_duplicate) as duplicates,
    sum(rows_malformed) as malformed
from ops.load_batches where status in ('validated', 'split') group by data_set
"""
REFUSED = """
select distinct on (source_file) message
from ops.load_batches where status = 'failed' order by source_file, batch_id desc
"""
HELD = """
select format('%s: batch %s, %s', source_file, batch_id, held_because)
from ops.load_batches where status = 'held' order by batch_id
"""
WAITING = (
    "select data_set, count(*) from ops.load_batches where status = 'loaded' group by data_set"
)
HAS_MARTS = "select to_regclass('marts.reject_summary') is not null"
REJECTED = """
select data_set, rule_id, sum(row_count) as row_count
from marts.reject_summary where status in ('open', 'waived')
group by data_set, rule_id order by row_count desc, data_set, rule_id
"""
WARNINGS = """
select data_set, rule_id, sum(rows_failed) as row_count
from (
    select
        data_set, rule_id, rows_failed,
        rank() over (
            partition by batch_id, rule_id, column_name order by validated_at desc
        ) as recency
    from ops.validation_results where severity = 'warn'
) as results
where recency = 1 and rows_failed > 0
group by data_set, rule_id order by row_count desc, data_set, rule_id
"""
SEGMENTS = """
select value_tier, engagement_status, count(*)
from marts.customer_rfm group by value_tier, engagement_status
"""
FLAGS = """
select
    count(*), count(*) filter (where is_high_spender), count(*) filter (where is_at_risk),
    count(*) filter (where is_high_spender and is_at_risk)
from marts.customer_details
"""
TOP_CUSTOMERS = """
select
    rfm.customer_id, rfm.monetary, rfm.frequency, rfm.recency_days, rfm.value_segment,
    details.total_loyalty_points
from marts.customer_rfm as rfm
inner join marts.customer_details as details on rfm.customer_id = details.customer_id
order by rfm.monetary desc, rfm.customer_id limit 5
"""
LAST_RUN = """
select run_id, status, business_date, started_at, finished_at, message
from ops.pipeline_runs order by started_at desc limit 1
"""


@dataclass(frozen=True)
class FileRow:
    """One data set: live files and what became of their rows."""

    data_set: str
    files: int
    rows_read: int
    accepted: int
    rejected: int
    duplicates: int
    malformed: int


@dataclass(frozen=True)
class RunRow:
    """The newest run."""

    run_id: str
    status: str
    business_date: dt.date | None
    started_at: dt.datetime
    finished_at: dt.datetime | None
    message: str | None


@dataclass(frozen=True)
class Loaded:
    """What is loaded, judged, refused and missing: the part that needs no mart."""

    files: tuple[FileRow, ...]
    refused: tuple[str, ...]  # why, one line for each file that was not loaded
    held: tuple[str, ...]  # batches that a rule has stopped, one line each
    waiting: int  # files in raw that are not judged yet
    rejected: tuple[tuple[str, str, int], ...]  # (data set, rule, rows) as of the last build
    warnings: tuple[tuple[str, str, int], ...]  # (data set, rule, rows)
    not_delivered: tuple[str, ...]
    restated: tuple[str, ...]  # closed months that are reckoned otherwise now, one line each
    newest_business_date: dt.date | None
    last_run: RunRow | None


@dataclass(frozen=True)
class Insight:
    """What the marts say."""

    segments: dict[tuple[str, str], int]  # (value tier, engagement status): customers
    customers: int
    high_spenders: int
    at_risk: int
    both: int
    points: Points
    top_customers: tuple[tuple[str, Decimal, int, int, str, int], ...]


def loaded(url: str) -> Loaded:
    """Reads `ops`; works on a warehouse in which dbt never ran."""
    with connected(url) as connection:
        files = {row[0]: FileRow(row[0], *map(int, row[1:])) for row in _rows(connection, FILES)}
        waiting = dict(_rows(connection, WAITING))
        run = _rows(connection, LAST_RUN)
        return Loaded(
            files=tuple(files[name] for name in load_layouts() if name in files),
            refused=tuple(row[0] for row in _rows(connection, REFUSED)),
            held=tuple(row[0] for row in _rows(connection, HELD)),
            waiting=sum(waiting.values()),
            rejected=_rule_rows(
                _rows(connection, REJECTED) if _rows(connection, HAS_MARTS)[0][0] else []
            ),
            warnings=_rule_rows(_rows(connection, WARNINGS)),
            not_delivered=tuple(
                name
                for name, data_set in load_data_sets().items()
                if name not in {*files, *waiting} and not data_set.optional
            ),
            restated=restated(connection),
            newest_business_date=_rows(connection, "select ops.newest_business_date()")[0][0],
            last_run=RunRow(*run[0]) if run else None,
        )


def insight(url: str) -> Insight:
    """Reads the marts of the last build."""
    with connected(url) as connection:
        customers, high, at_risk, both = _rows(connection, FLAGS)[0]
        return Insight(
            segments={(tier, status): n for tier, status, n in _rows(connection, SEGMENTS)},
            customers=customers,
            high_spenders=high,
            at_risk=at_risk,
            both=both,
            points=points(connection),
            top_customers=tuple(
                (row[0], row[1], row[2], row[3], row[4], row[5])
                for row in _rows(connection, TOP_CUSTOMERS)
            ),
        )


def _rule_rows(rows: list[tuple[Any, ...]]) -> tuple[tuple[str, str, int], ...]:
    return tuple((data_set, rule, int(count)) for data_set, rule, count in rows)


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()
