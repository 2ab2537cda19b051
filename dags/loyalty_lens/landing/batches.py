"""What `ops.load_batches` knows, and how landing adds to it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.landing.content import Content
from loyalty_lens.landing.discovery import LandedFile

FOLDER = "folder"  # in the place of a data set
IS_LIVE = "status in ('loaded', 'validated', 'held', 'split')"


@dataclass(frozen=True)
class Batch:
    """A row of ops.load_batches, as far as landing looks at it."""

    batch_id: int
    data_set: str
    path_key: str
    sha256: str
    file_date: dt.date | None
    status: str
    date_order: str
    decimal_mark: str
    extra_columns: list[str]
    definition: str | None = None  # of a flat file: by which split entry it was taken apart

    @property
    def is_live(self) -> bool:
        return self.status in ("loaded", "validated", "held", "split")


COLUMNS = (
    "batch_id, data_set, path_key, sha256, file_date, status,"
    " date_order, decimal_mark, extra_columns, definition"
)


def find_batch(cursor: Cursor, batch_id: int) -> Batch | None:
    cursor.execute(f"select {COLUMNS} from ops.load_batches where batch_id = %s", (batch_id,))  # noqa: S608
    return first_batch(cursor)


def live_at_path(
    cursor: Cursor, file: LandedFile, *, other_than: int | None = None
) -> Batch | None:
    """The newest live batch that came by this path."""
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where data_set = %s and path_key = %s"  # noqa: S608
        f" and {IS_LIVE} and batch_id is distinct from %s order by batch_id desc limit 1",
        (file.data_set.name, file.path_key, other_than),
    )
    return first_batch(cursor)


def live_with_content(cursor: Cursor, data_set: DataSet, sha256: str) -> Batch | None:
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where data_set = %s and sha256 = %s"  # noqa: S608
        f" and {IS_LIVE} order by batch_id desc limit 1",
        (data_set.name, sha256),
    )
    return first_batch(cursor)


def begin_batch(
    cursor: Cursor, file: LandedFile, content: Content, separator: str, run_id: str | None
) -> int:
    """A batch of status loaded without counts yet; its number."""
    cursor.execute(
        "insert into ops.load_batches (data_set, source_file, path_key, file_date, sha256,"
        " size_bytes, status, separator, date_order, decimal_mark, run_id)"
        " values (%s, %s, %s, %s, %s, %s, 'loaded', %s, %s, %s, %s) returning batch_id",
        (
            *_identity(file, content),
            separator,
            file.data_set.date_order,
            file.data_set.decimal_mark,
            run_id,
        ),
    )
    return _number(cursor)


def record_failure(
    cursor: Cursor, file: LandedFile, content: Content, message: str, run_id: str | None
) -> int:
    """A failed batch with its message, or the one that the same content of this file has."""
    return _failed(cursor, _identity(file, content), message, run_id)


def record_folder(cursor: Cursor, path: str, message: str, run_id: str | None) -> int:
    """The same for a folder that cannot be read: nobody knows which data sets lie there."""
    return _failed(cursor, (FOLDER, path, path, None, "", 0), message, run_id)


def _failed(cursor: Cursor, identity: tuple[object, ...], message: str, run_id: str | None) -> int:
    data_set, source_file, _, _, sha256, _ = identity
    cursor.execute(
        "update ops.load_batches set message = %s where batch_id = (select max(batch_id)"
        " from ops.load_batches where data_set = %s and source_file = %s and sha256 = %s"
        " and status = 'failed') returning batch_id",
        (message, data_set, source_file, sha256),
    )
    if row := cursor.fetchone():
        return int(row[0])
    cursor.execute(
        "insert into ops.load_batches (data_set, source_file, path_key, file_date, sha256,"
        " size_bytes, status, message, run_id)"
        " values (%s, %s, %s, %s, %s, %s, 'failed', %s, %s) returning batch_id",
        (*identity, message, run_id),
    )
    return _number(cursor)


def close_failures(cursor: Cursor, file: LandedFile, batch_id: int) -> None:
    """Earlier failures of this file are settled by the batch that loaded."""
    cursor.execute(
        "update ops.load_batches set status = 'superseded', superseded_by = %s"
        " where data_set = %s and source_file = %s and status = 'failed'",
        (batch_id, file.data_set.name, file.path),
    )


def close_removed(
    cursor: Cursor, files: Iterable[LandedFile], unreadable_folders: Iterable[str]
) -> None:
    """Failures of what no longer lies in the landing folder, or can be read now, are settled."""
    folders = list(unreadable_folders)
    present = {(file.data_set.name, file.path) for file in files}
    present |= {(FOLDER, folder) for folder in folders}
    cursor.execute(
        "update ops.load_batches set status = 'superseded' where status = 'failed'"
        " and not exists (select from unnest(%s::text[], %s::text[]) as present (name, path)"
        " where name = data_set and path = source_file)"
        " and not exists (select from unnest(%s::text[]) as folder"
        " where starts_with(source_file, folder || '/'))",
        ([name for name, _ in present], [path for _, path in present], folders),
    )


def continue_as(cursor: Cursor, old: int, new: int) -> None:
    """The same content, read again: it arrived when it first did, and copies of it are known."""
    cursor.execute(
        "update ops.load_batches set business_date = (select business_date"
        " from ops.load_batches where batch_id = %s) where batch_id = %s",
        (old, new),
    )
    cursor.execute(
        "update ops.load_batches as made set business_date = earlier.business_date"
        " from ops.load_batches as earlier where made.derived_from = %s"
        " and earlier.derived_from = %s and made.data_set = earlier.data_set",
        (new, old),
    )
    cursor.execute("update ops.landing_files set batch_id = %s where batch_id = %s", (new, old))


def live_data_sets(cursor: Cursor) -> set[str]:
    cursor.execute(f"select distinct data_set from ops.load_batches where {IS_LIVE}")  # noqa: S608
    return {name for (name,) in cursor.fetchall()}


def live_batches(cursor: Cursor, data_set: DataSet, sha256s: Iterable[str]) -> list[Batch]:
    """The live batches with one of these contents, oldest first."""
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where data_set = %s and sha256 = any(%s)"  # noqa: S608
        f" and {IS_LIVE} order by batch_id",
        (data_set.name, list(sha256s)),
    )
    return [Batch(*row) for row in cursor.fetchall()]


def first_batch(cursor: Cursor) -> Batch | None:
    """The batch of the first row of a query for COLUMNS."""
    row = cursor.fetchone()
    return Batch(*row) if row else None


def _identity(file: LandedFile, content: Content) -> tuple[object, ...]:
    return (
        file.data_set.name,
        file.path,
        file.path_key,
        file.file_date,
        content.sha256 or "",
        content.size,
    )


def _number(cursor: Cursor) -> int:
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - "returning" always gives a row
    return int(row[0])
