"""Judging whole batches, once their rows are judged: what stops one, and what is only noted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.quality.batch_suite import BatchRule

# Each gives (batch, whether it fails, what is told of it) for the batches that it can judge.
ROW_COUNT = r"""
with judged as (
    select
        batch_id, data_set, file_date, rows_read,
        regexp_replace(path_key, '[0-9]{4}[-_]?[0-9]{2}[-_]?[0-9]{2}', '*', 'g') as path
    from ops.load_batches
    where batch_id = any(%(batches)s) and file_date is not null and repairs_batch is null
),
usual as (
    select
        judged.batch_id, judged.rows_read,
        percentile_cont(0.5) within group (order by earlier.rows_read) as usual_rows
    from judged
    inner join ops.load_batches as earlier
        on
            judged.data_set = earlier.data_set
            and earlier.status = 'validated'
            and earlier.repairs_batch is null
            and judged.file_date - earlier.file_date in (7, 14, 21, 28)
            and judged.path
            = regexp_replace(earlier.path_key, '[0-9]{4}[-_]?[0-9]{2}[-_]?[0-9]{2}', '*', 'g')
    group by judged.batch_id, judged.rows_read
    having count(distinct earlier.file_date) >= %(min_history)s
)
select
    batch_id,
    rows_read < %(min_share)s * usual_rows or rows_read > %(max_share)s * usual_rows,
    format('%%s rows where the same weekday has %%s', rows_read, usual_rows)
from usual
"""
REJECT_RATIO = """
select
    batch_id,
    rows_rejected > %(max_ratio)s * rows_read,
    format('%%s of %%s rows rejected', rows_rejected, rows_read)
from ops.load_batches
where batch_id = any(%(batches)s) and rows_read >= greatest(%(min_rows)s, 1)
"""
FRESHNESS = """
select
    batch_id,
    file_date - last_business_date > %(max_days)s,
    format('dated %%s, its newest rows are of %%s', file_date, last_business_date)
from ops.load_batches
where batch_id = any(%(batches)s) and file_date is not null and last_business_date is not null
"""
QUERIES = {"row_count": ROW_COUNT, "reject_ratio": REJECT_RATIO, "freshness": FRESHNESS}


@dataclass(frozen=True)
class Finding:
    """What one rule says of one batch."""

    batch_id: int
    rule: BatchRule
    fails: bool
    message: str

    @property
    def stops(self) -> bool:
        return self.fails and self.rule.severity == "stop"


def judge_batches(cursor: Cursor, rules: Iterable[BatchRule], batches: list[int]) -> list[Finding]:
    """What the rules say of those of the batches that nothing and nobody has let through so far.

    The batches' rows must be judged and counted.
    """
    cursor.execute(
        "select batch_id from ops.load_batches where batch_id = any(%s) and cleared_at is null",
        (batches,),
    )
    new = [batch for (batch,) in cursor.fetchall()]
    findings = []
    for rule in rules if new else ():
        parameters: Mapping[str, object] = {"batches": new, **rule.limits}
        cursor.execute(QUERIES[rule.check], parameters)
        findings += [Finding(batch, rule, fails, told) for batch, fails, told in cursor.fetchall()]
    return findings


def write_findings(
    cursor: Cursor, data_set: str, run_id: str | None, findings: Iterable[Finding]
) -> None:
    """One row of ops.validation_results a batch and rule: one thing evaluated, it fails or not."""
    for finding in findings:
        cursor.execute(
            "insert into ops.validation_results (run_id, batch_id, data_set, rule_id, dimension,"
            " severity, rows_evaluated, rows_failed) values (%s, %s, %s, %s, %s, %s, 1, %s)",
            (
                run_id,
                finding.batch_id,
                data_set,
                finding.rule.rule_id,
                finding.rule.dimension,
                finding.rule.severity,
                int(finding.fails),
            ),
        )


def clear(cursor: Cursor, batches: list[int]) -> None:
    """The batches are through: no rule about whole batches stops them from now on."""
    cursor.execute(
        "update ops.load_batches set cleared_at = clock_timestamp()"
        " where batch_id = any(%s) and cleared_at is null",
        (batches,),
    )


def write_passes(cursor: Cursor, run_id: str | None, batches: list[int]) -> None:
    """Of the batches just judged that a person has let through: the rules that held them pass."""
    cursor.execute(
        "insert into ops.validation_results (run_id, batch_id, data_set, rule_id, dimension,"
        " severity, rows_evaluated, rows_failed) select distinct %s, results.batch_id,"
        " results.data_set, results.rule_id, results.dimension, results.severity, 1, 0"
        " from ops.validation_results as results inner join ops.load_batches as batches"
        " on results.batch_id = batches.batch_id and batches.validated_at is null"
        " where results.batch_id = any(%s) and batches.held_because is not null"
        " and results.severity = 'stop' and results.rows_failed > 0",
        (run_id, batches),
    )


def hold(cursor: Cursor, findings: Iterable[Finding]) -> None:
    """The batches stopped by these findings are held; their message says why and what to do."""
    reasons: dict[int, list[str]] = {}
    for finding in findings:
        if finding.stops:
            reasons.setdefault(finding.batch_id, []).append(
                f"{finding.message} ({finding.rule.rule_id})"
            )
    for batch, told in reasons.items():
        cursor.execute(
            "update ops.load_batches set status = 'held', validated_at = clock_timestamp(),"
            " held_because = %s where batch_id = %s",
            ("; ".join(told), batch),
        )


HELD = """
select
    batch_id,
    format(
        '%s: held as batch %s, %s; correct the file, or let it through: lens release %s',
        source_file, batch_id, held_because, batch_id
    )
from ops.load_batches where status = 'held' order by batch_id
"""


def held(cursor: Cursor) -> list[tuple[int, str]]:
    """All batches that are held at present: number, and one line that says why."""
    cursor.execute(HELD)
    return [(int(batch), str(told)) for batch, told in cursor.fetchall()]
