"""How good and how fresh each data set is, what is held, what rejects cost: for `lens status`."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.warehouse.connection import connected

# The last of these tables to be built: the others are there, too, with all their columns.
HAS_MARTS = "select to_regclass('marts.raw_quality_daily') is not null"
HELD = """
select batch_id, data_set, source_file, coalesce(held_because, 'stopped by a rule on whole batches')
from ops.load_batches where status = 'held' order by batch_id
"""
WAITING = """
select data_set, count(*) from ops.load_batches where status = 'loaded'
group by data_set order by data_set
"""
# The newest day with a score; freshness and status as of the newest day of all.
SCORES = """
with newest as (
    select distinct on (data_set) data_set, status, age_days
    from marts.dq_scores where dimension = 'all' order by data_set, score_date desc
),
scored as (
    select distinct on (data_set) data_set, score_date, score, worst_check_id, worst_column_name
    from marts.dq_scores where dimension = 'all' and score is not null
    order by data_set, score_date desc
)
select
    newest.data_set, scored.score_date, scored.score, targets.target_score, newest.status,
    newest.age_days, targets.sla_days, scored.worst_check_id, scored.worst_column_name
from newest
left join scored on newest.data_set = scored.data_set
left join clean.dq_targets as targets on newest.data_set = targets.data_set
order by newest.data_set
"""
REJECTS = """
select data_set, rule_id, sum(row_count)::bigint as row_count, sum(money_amount),
    sum(points_at_stake)::bigint
from marts.reject_summary where status in ('open', 'waived')
group by data_set, rule_id order by row_count desc, data_set, rule_id
"""
RUNS = """
select started_at, status, business_date,
    extract(epoch from finished_at - started_at)::float8, trigger, message
from ops.pipeline_runs order by started_at desc limit 5
"""
SHOWN = """
select business_date, coalesce(is_provisional, false), coalesce(missing_data_sets, '')
from ops.pipeline_runs where status = 'success' and certificate is not null
order by finished_at desc limit 1
"""
LAST_BACKUP = "select max(started_at) from ops.backups where finished_at is not null"


@dataclass(frozen=True)
class Score:
    """A data set: the score of its newest day with one, and how old its data are."""

    data_set: str
    date: dt.date | None
    score: Decimal | None  # 0 to 100; None: never assessed
    target: Decimal | None
    status: str  # of its newest day, see marts.dq_scores
    age_days: int | None
    sla_days: int | None  # None: only changes are delivered
    worst_check: str | None
    worst_column: str | None


@dataclass(frozen=True)
class OpenReject:
    """Open and waived rejects of a rule; a row counts under each rule that it failed."""

    data_set: str
    rule_id: str
    rows: int
    money: Decimal | None  # in the warehouse's currency; None where the amount is no money
    points: int  # at stake, see marts.reject_summary


@dataclass(frozen=True)
class HeldBatch:
    """A batch that a rule on whole batches stopped: its rows do not count."""

    batch_id: int
    data_set: str
    file: str
    reason: str


@dataclass(frozen=True)
class Run:
    """One of the last runs."""

    started_at: dt.datetime
    status: str
    business_date: dt.date | None
    seconds: float | None  # None while it runs
    trigger: str
    message: str | None


@dataclass(frozen=True)
class Shown:
    """What dashboards show: the day of the last certified run."""

    business_date: dt.date | None
    is_provisional: bool  # the store day was not over
    missing_data_sets: str  # with commas: what it should have brought and did not


@dataclass(frozen=True)
class Health:
    """All of it; scores and rejects are those of the last build."""

    scores: tuple[Score, ...]
    rejects: tuple[OpenReject, ...]
    held: tuple[HeldBatch, ...]
    waiting: dict[str, int]  # files not judged yet, per data set
    runs: tuple[Run, ...]  # newest first
    shown: Shown | None  # None: no run was certified yet
    last_backup: dt.datetime | None


def health(url: str) -> Health:
    """Reads `ops` and, where a build has made them, the marts of quality."""
    with connected(url) as connection:
        shown = _rows(connection, SHOWN)
        is_built = _rows(connection, HAS_MARTS) == [(True,)]
        return Health(
            scores=tuple(Score(*row) for row in _rows(connection, SCORES)) if is_built else (),
            rejects=(
                tuple(OpenReject(*row) for row in _rows(connection, REJECTS)) if is_built else ()
            ),
            held=tuple(HeldBatch(*row) for row in _rows(connection, HELD)),
            waiting=dict(_rows(connection, WAITING)),
            runs=tuple(Run(*row) for row in _rows(connection, RUNS)),
            shown=Shown(*shown[0]) if shown else None,
            last_backup=_rows(connection, LAST_BACKUP)[0][0],
        )


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()
