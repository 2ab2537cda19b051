"""`lens rejects load`: repaired rejects come again, each in a batch of the steward's.

A steward's batch stands beside the delivered batch that it repairs (`repairs_batch`): same dates,
same ways of reading, same row numbers. The gate judges it like any other; the repaired rows of the
original turn `superseded` and stay counted there as rejected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import StewardshipError
from loyalty_lens.privacy.blanking import blank_erased
from loyalty_lens.stewardship.audit import given_reason
from loyalty_lens.stewardship.comparison import (
    build_referenced,
    build_repaired,
    refuse_unknown,
)
from loyalty_lens.stewardship.exporting import EXPLANATION, REFERENCE
from loyalty_lens.stewardship.repair_file import RepairFile, read_repairs
from loyalty_lens.warehouse.connection import connected


@dataclass(frozen=True)
class StewardBatch:
    """The rows of one delivered batch that came again."""

    batch_id: int
    repairs_batch: int
    source_file: str
    rows: int


@dataclass(frozen=True)
class RepairReport:
    """What became of the rows of a repaired file."""

    data_set: str
    batches: tuple[StewardBatch, ...]
    changed: tuple[tuple[str, int], ...]  # (column, rows in which it was changed)
    unchanged: int  # left as they are, still open
    known: int  # repaired before in the same way, or closed meanwhile and not changed here
    erased: int  # rows of customers who were erased: taken without their personal data
    ignored_columns: tuple[str, ...]


def load_repairs(
    url: str, path: Path, reason: str, session: Mapping[str, str] | None = None
) -> RepairReport:
    """Takes the changed rows of a file that `lens rejects export` wrote; all of them or none.

    Cells are compared as the gate reads them, so that a number or a date that a spreadsheet wrote
    in another way is no change. Columns that the file lacks keep their values. Rows of customers
    who were erased since are blanked; `session`: parameters with the key for phones of guests.

    Raises StewardshipError naming file and line: a row that is no reject, is named twice, or is
    closed and changed here.
    """
    reason = given_reason(reason)
    with connected(url, parameters=session) as connection, connection.cursor() as cursor:
        file = read_repairs(cursor, path)
        data_set = build_referenced(cursor, path)
        build_repaired(cursor, data_set, file.fields)
        refuse_unknown(cursor, path)
        _refuse_closed(cursor, data_set, path)
        batches = tuple(
            _steward_batch(cursor, data_set, file, root, rows)
            for root, rows in _rows(
                cursor,
                "select root, count(*) from repaired where is_taken group by root order by root",
            )
        )
        _close_originals(cursor, data_set, reason)
        erased = sum(blank_erased(cursor, data_set.name, made.batch_id) for made in batches)
        changed = _rows(
            cursor,
            "select changed.name, count(*) from repaired cross join unnest(changed) as"
            " changed (name) where is_taken group by 1 order by 2 desc, 1",
        )
        ((unchanged, known),) = _rows(
            cursor,
            "select count(*) filter (where not is_taken and reject_status = 'open'),"
            " count(*) filter (where not is_taken and reject_status <> 'open') from repaired",
        )
    expected = {*REFERENCE, *EXPLANATION, *data_set.column_names}
    return RepairReport(
        data_set=data_set.name,
        batches=batches,
        changed=tuple((str(name), int(rows)) for name, rows in changed),
        unchanged=unchanged,
        known=known,
        erased=erased,
        ignored_columns=tuple(name for name in file.fields if name not in expected),
    )


def _refuse_closed(cursor: Cursor, data_set: DataSet, path: Path) -> None:
    """A changed row must be open, of a batch that lives; the same repair once more is fine."""
    closed = _rows(
        cursor,
        "select line_number, batch_id, row_number, reject_status, batch_status from repaired"
        " where is_changed and not is_taken and not is_known order by line_number limit 1",
    )
    if not closed:
        return
    line, batch, row, reject_status, batch_status = closed[0]
    if batch_status == "held":
        why = f"batch {batch} is held as a whole; lens release {batch}, or deliver it corrected"
    elif batch_status not in ("loaded", "validated"):
        why = f"batch {batch} is {batch_status}"
    elif reject_status == "superseded":
        why = (
            "repaired before, in another way; what is still rejected of that is exported anew"
            f" (lens rejects export {data_set.name})"
        )
    else:
        why = f"closed already ({reject_status})"
    raise StewardshipError(f"{path}, line {line}: row {row} of batch {batch}: {why}")


def _steward_batch(
    cursor: Cursor, data_set: DataSet, file: RepairFile, root: int, rows: int
) -> StewardBatch:
    """The new batch and its rows. What is not a column of the contract stays as delivered."""
    cursor.execute(
        """
        insert into ops.load_batches (
            data_set, source_file, path_key, file_date, sha256, size_bytes, rows_read, status,
            encoding, separator, date_order, decimal_mark, is_discount_in_percent, business_date,
            loaded_at, repairs_batch
        )
        select
            data_set, source_file || ' (repaired)', 'repair of batch ' || batch_id, file_date,
            encode(sha256(convert_to(%s || ' repairs ' || batch_id, 'UTF8')), 'hex'), %s, %s,
            'loaded', encoding, separator, date_order, decimal_mark, is_discount_in_percent,
            business_date, loaded_at, batch_id
        from ops.load_batches where batch_id = %s
        returning batch_id, source_file
        """,
        (file.sha256, file.size, rows, root),
    )
    ((batch_id, source_file),) = cursor.fetchall()
    columns = sql.SQL(", ").join(map(sql.Identifier, data_set.column_names))
    cursor.execute(
        sql.SQL(
            "insert into {raw} (_batch_id, _row_number, _extra, {columns})"
            " select {batch}, row_number, _extra, {columns} from repaired"
            " where is_taken and root = {root} order by row_number"
        ).format(
            raw=sql.Identifier("raw", data_set.name),
            columns=columns,
            batch=sql.Literal(batch_id),
            root=sql.Literal(root),
        )
    )
    return StewardBatch(int(batch_id), root, str(source_file), int(rows))


def _close_originals(cursor: Cursor, data_set: DataSet, reason: str) -> None:
    cursor.execute(
        sql.SQL(
            "update {reject} as rejected set status = 'superseded', resolved_at = clock_timestamp()"
            " from repaired where repaired.is_taken and rejected._batch_id = repaired.batch_id"
            " and rejected._row_number = repaired.row_number"
        ).format(reject=sql.Identifier("reject", data_set.name))
    )
    cursor.execute(
        "select ops.write_audit('repair', %s, %s, taken.batch_id, taken.row_number, taken.details)"
        " from (select repaired.batch_id, repaired.row_number,"
        " jsonb_build_object('columns', repaired.changed, 'repaired_in', ("
        "  select max(batches.batch_id) from ops.load_batches as batches"
        "  where batches.repairs_batch = repaired.root)) as details"
        " from repaired where repaired.is_taken order by repaired.line_number) as taken",
        (reason, data_set.name),
    )


def _rows(cursor: Cursor, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return cursor.fetchall()
