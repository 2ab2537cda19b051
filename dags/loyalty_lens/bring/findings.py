"""What a look found, as data: files, rejected rows with examples, warnings."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.bring.recognition import Recognised
from loyalty_lens.datasets import load_data_sets
from loyalty_lens.quality.failing import WarnedRow

EXAMPLES = 3


@dataclass(frozen=True)
class Example:
    """A row that would be rejected: where it is, and why."""

    file: str
    place: str  # record 3; of a malformed line: line 4
    message: str


@dataclass(frozen=True)
class Finding:
    """Rows that fail a rule."""

    data_set: str
    rule_id: str
    rows: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Counts:
    """What would become of the rows of one file; of a flat file, of each data set it feeds."""

    file: str
    data_set: str
    status: str
    encoding: str | None
    rows_read: int
    accepted: int
    rejected: int
    duplicates: int
    malformed: int


@dataclass(frozen=True)
class FileCheck:
    """A file below the folder; `outcome` as landing reports it."""

    path: str
    outcome: str
    message: str | None
    recognised: Recognised | None
    counts: tuple[Counts, ...]


@dataclass(frozen=True)
class CheckReport:
    """Everything that `lens check` tells."""

    folder: str
    is_alone: bool  # judged by itself, not against what a warehouse has accepted
    files: tuple[FileCheck, ...]
    rejected: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    replayed: int = 0  # earlier rejects that these files would let through

    @property
    def refused(self) -> tuple[FileCheck, ...]:
        """Files that would not be loaded, or loaded and not published."""
        return tuple(
            file
            for file in self.files
            if file.outcome in ("failed", "stopped")
            or any(counts.status == "held" for counts in file.counts)
        )

    @property
    def rejected_rows(self) -> int:
        """Rows in reject and malformed lines; of a flat file its own records."""
        first = [file.counts[0] for file in self.files if file.counts]
        return sum(counts.rejected + counts.malformed for counts in first)


def counts_after(cursor: Cursor, newest: int) -> list[Counts]:
    """The batches after number `newest`, in their order."""
    cursor.execute(
        "select source_file, data_set, status, encoding, rows_read, rows_accepted, rows_rejected,"
        " rows_duplicate, rows_malformed from ops.load_batches"
        " where batch_id > %s and status <> 'failed' order by batch_id",
        (newest,),
    )
    return [Counts(*row) for row in cursor.fetchall()]


def rejected_after(cursor: Cursor, newest: int) -> list[Finding]:
    """Rejected rows of those batches by data set and rule, and malformed lines."""
    found = []
    for name in load_data_sets():
        cursor.execute(
            sql.SQL(
                """
                with failed as (
                    select
                        error.value ->> 'rule_id' as rule_id,
                        rejected._batch_id,
                        rejected._row_number,
                        string_agg(error.value ->> 'message', '; ') as message
                    from reject.{table} as rejected
                    cross join jsonb_array_elements(rejected.errors) as error
                    where rejected._batch_id > %s and rejected.status = 'open'
                    group by 1, 2, 3
                ),
                ranked as (
                    select
                        failed.*,
                        count(*) over (partition by failed.rule_id) as row_count,
                        row_number() over (
                            partition by failed.rule_id
                            order by failed._batch_id, failed._row_number
                        ) as place
                    from failed
                )
                select
                    ranked.rule_id, ranked.row_count, batches.source_file,
                    'record ' || ranked._row_number, ranked.message
                from ranked
                inner join ops.load_batches as batches on ranked._batch_id = batches.batch_id
                where ranked.place <= %s
                order by ranked.row_count desc, ranked.rule_id, ranked.place
                """
            ).format(table=sql.Identifier(name)),
            (newest, EXAMPLES),
        )
        found += _gathered(name, cursor.fetchall())
    cursor.execute(
        "select 'malformed', count(*) over (), batches.source_file, 'line ' || lines.line_number,"
        " lines.reason from reject.malformed_lines as lines"
        " inner join ops.load_batches as batches on lines._batch_id = batches.batch_id"
        " where lines._batch_id > %s order by lines._batch_id, lines.line_number limit %s",
        (newest, EXAMPLES),
    )
    return found + _gathered("(no CSV record)", cursor.fetchall())


def warned_after(cursor: Cursor, newest: int, warned: Sequence[WarnedRow]) -> list[Finding]:
    """Rows of those batches that are kept with a warning; `warned` are the gate's examples."""
    cursor.execute(
        "select batch_id, source_file from ops.load_batches where batch_id > %s", (newest,)
    )
    files = dict(cursor.fetchall())
    examples: dict[tuple[str, str, str], list[Example]] = {}
    for row in warned:
        if row.batch_id in files:
            found = examples.setdefault((row.data_set, row.rule_id, row.column), [])
            place = f"record {row.row_number}"
            found.append(Example(files[row.batch_id], place, row.message))
    cursor.execute(
        "select data_set, rule_id, column_name, sum(rows_failed)"
        " from ops.validation_results where severity = 'warn' and batch_id > %s"
        " and rows_failed > 0 group by 1, 2, 3 order by 4 desc, 1, 2, 3",
        (newest,),
    )
    return [
        Finding(name, rule, int(rows), tuple(examples.get((name, rule, column), ())))
        for name, rule, column, rows in cursor.fetchall()
    ]


def _gathered(data_set: str, rows: list[tuple[str, int, str, str, str]]) -> list[Finding]:
    examples: dict[tuple[str, int], list[Example]] = {}
    for rule, count, file, place, message in rows:
        examples.setdefault((rule, count), []).append(Example(file, place, message))
    return [
        Finding(data_set, rule, int(count), tuple(shown))
        for (rule, count), shown in examples.items()
    ]
