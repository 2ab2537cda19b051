"""From a file into raw.<data set>: straight COPY, or the tolerant reader where COPY refuses."""

import tempfile
from dataclasses import dataclass
from typing import IO, cast

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.landing.content import BLOCK_BYTES, opened
from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.landing.header import Layout
from loyalty_lens.landing.rows import TextRows
from loyalty_lens.landing.strictness import Refused, StrictStream
from loyalty_lens.warehouse.tables import row_numbers_of

SPOOL_BYTES = 8 << 20


@dataclass(frozen=True)
class Copied:
    """What was read: counts of records, and how."""

    rows_read: int  # malformed ones included
    rows_malformed: int
    rows_short: int
    rows_windows_1252: int
    is_fast: bool
    sha256: str | None = None  # of the whole file, where it went by on the way


def copy_file(cursor: Cursor, file: LandedFile, layout: Layout, batch_id: int) -> Copied:
    """Loads the file's rows under `batch_id` in the caller's transaction.

    Raises ContentError where the file cannot be read to its end.
    """
    if len(layout.fields) > 1 and not layout.has_carriage_returns:
        cursor.execute("savepoint straight")
        try:
            copied = _copy_straight(cursor, file, layout, batch_id)
        except Refused:
            cursor.execute("rollback to savepoint straight")
        else:
            cursor.execute("release savepoint straight")
            return copied
    return _copy_tolerantly(cursor, file, layout, batch_id)


def _copy_straight(cursor: Cursor, file: LandedFile, layout: Layout, batch_id: int) -> Copied:
    """The file's bytes as they are into COPY; Refused where COPY or StrictStream objects."""
    cursor.execute(
        "select set_config('lens.batch_id', %s, true), setval(%s::regclass, 1, false)",
        (str(batch_id), row_numbers_of(file.data_set.name)),
    )
    target = sql.Identifier("raw", file.data_set.name)
    names = [sql.Identifier(name) for name in layout.columns]
    is_first = not layout.extra and _is_emptied(cursor, target)
    if layout.extra:
        target, names = _scratch_table(cursor, file, layout)
    statement = sql.SQL(
        "copy {target} ({names}) from stdin"
        " (format csv, delimiter {separator}, encoding 'UTF8', freeze {is_first})"
    ).format(
        target=target,
        names=sql.SQL(", ").join(names),
        separator=sql.Literal(layout.separator),
        is_first=sql.Literal(is_first),
    )
    with opened(file.location, is_compressed=file.is_compressed) as stream:
        strict = StrictStream(stream, layout.separator.encode(), layout.offset)
        try:
            _run_copy(cursor, statement, strict)
        except (psycopg2.DataError, errors.ProgramLimitExceeded) as error:
            raise Refused from error
    rows = cursor.rowcount
    if layout.extra:
        _move_from_scratch(cursor, file, layout)
    return Copied(rows, 0, 0, 0, is_fast=True, sha256=strict.sha256)


def _is_emptied(cursor: Cursor, table: sql.Identifier) -> bool:
    """Whether the table has no rows and nobody reads it: then it is emptied, for this transaction.

    What is copied into it then skips the log where that is minimal, and is marked as committed
    from the start: whoever reads it first need not write each page, and its image to the log.
    """
    cursor.execute(sql.SQL("select exists (select from {})").format(table))
    if cursor.fetchone() == (True,):
        return False
    cursor.execute("savepoint emptied")
    try:
        cursor.execute(sql.SQL("lock table {} in access exclusive mode nowait").format(table))
    except errors.LockNotAvailable:
        cursor.execute("rollback to savepoint emptied")
        return False
    cursor.execute("release savepoint emptied")
    cursor.execute(sql.SQL("truncate {}").format(table))
    return True


def _run_copy(cursor: Cursor, statement: sql.Composable, source: StrictStream | TextRows) -> None:
    """COPY from `source`; what went wrong in its `read` is raised as it was."""
    try:
        cursor.copy_expert(statement, cast(IO[bytes], source), BLOCK_BYTES)
    except errors.QueryCanceled as error:
        if isinstance(source.error, Exception):
            raise source.error from error
        raise


def _scratch_table(
    cursor: Cursor, file: LandedFile, layout: Layout
) -> tuple[sql.Identifier, list[sql.Identifier]]:
    names = [sql.Identifier(f"field_{number}") for number in range(len(layout.fields))]
    cursor.execute("drop table if exists pg_temp.landing_rows")
    cursor.execute(
        sql.SQL(
            "create temp table landing_rows ({columns},"
            " _row_number bigint not null default nextval({numbers})) on commit drop"
        ).format(
            columns=sql.SQL(", ").join(sql.SQL("{} text").format(name) for name in names),
            numbers=sql.Literal(row_numbers_of(file.data_set.name)),
        )
    )
    return sql.Identifier("pg_temp", "landing_rows"), names


def _move_from_scratch(cursor: Cursor, file: LandedFile, layout: Layout) -> None:
    """From the scratch table into raw, the extra columns as one JSON object without nulls."""
    positions = {name: sql.Identifier(f"field_{at}") for at, name in enumerate(layout.fields)}
    comma = sql.SQL(", ")
    cursor.execute(
        sql.SQL(
            "insert into raw.{table} (_row_number, _extra, {columns}) select _row_number,"
            " nullif(jsonb_strip_nulls(jsonb_object(array[{names}], array[{values}])), '{{}}'),"
            " {fields} from pg_temp.landing_rows"
        ).format(
            table=sql.Identifier(file.data_set.name),
            columns=comma.join(map(sql.Identifier, layout.columns)),
            names=comma.join(map(sql.Literal, layout.extra)),
            values=comma.join(positions[name] for name in layout.extra),
            fields=comma.join(positions[name] for name in layout.columns),
        )
    )
    cursor.execute("drop table pg_temp.landing_rows")


def _copy_tolerantly(cursor: Cursor, file: LandedFile, layout: Layout, batch_id: int) -> Copied:
    statement = sql.SQL(
        "copy raw.{table} (_batch_id, _row_number, _extra, {columns}) from stdin (encoding 'UTF8')"
    ).format(
        table=sql.Identifier(file.data_set.name),
        columns=sql.SQL(", ").join(map(sql.Identifier, layout.columns)),
    )
    with (
        opened(file.location, is_compressed=file.is_compressed) as stream,
        tempfile.SpooledTemporaryFile(SPOOL_BYTES) as malformed,
    ):
        rows = TextRows(stream, layout, batch_id, malformed)
        _run_copy(cursor, statement, rows)
        malformed.seek(0)
        cursor.copy_expert(
            "copy reject.malformed_lines (_batch_id, line_number, line, reason)"
            " from stdin (encoding 'UTF8')",
            malformed,
        )
    return Copied(rows.count, rows.malformed, rows.short, rows.windows_1252, is_fast=False)
