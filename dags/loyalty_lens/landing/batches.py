"""What `ops.load_batches` and `ops.landing_files` know, and how landing adds to them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.landing.content import Content
from loyalty_lens.landing.discovery import LandedFile

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
    return _first(cursor)


def live_at_path(
    cursor: Cursor, file: LandedFile, *, other_than: int | None = None
) -> Batch | None:
    """The newest live batch that came by this path."""
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where data_set = %s and path_key = %s"  # noqa: S608
        f" and {IS_LIVE} and batch_id is distinct from %s order by batch_id desc limit 1",
        (file.data_set.name, file.path_key, other_than),
    )
    return _first(cursor)


def live_with_content(cursor: Cursor, data_set: DataSet, sha256: str) -> Batch | None:
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where data_set = %s and sha256 = %s"  # noqa: S608
        f" and {IS_LIVE} order by batch_id desc limit 1",
        (data_set.name, sha256),
    )
    return _first(cursor)


def remembered_batch(cursor: Cursor, file: LandedFile) -> Batch | None:
    """The batch with the content last handled at the file's path; its own, or that of a copy."""
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where batch_id = (select batch_id"  # noqa: S608
        " from ops.landing_files where data_set = %s and path_key = %s)",
        (file.data_set.name, file.path_key),
    )
    return _first(cursor)


def known_batch(cursor: Cursor, file: LandedFile, sha256: str) -> Batch | None:
    """The batch that makes loading this content needless, or None.

    What merely still lies where it was loaded from is known, even if another file has replaced it
    since; so is a copy that lay there when its batch was taken out on purpose.
    Otherwise: of events, content that is live anywhere, unless the file's own dated path holds
    something else, which it then replaces; of versions, content equal to the newest batch before
    the file's place in the order of versions, so that late days end as punctual ones do.
    """
    handled = remembered_batch(cursor, file)
    if handled and handled.sha256 != sha256:
        handled = None
    if handled and handled.path_key == file.path_key and handled.status != "failed":
        return handled
    if handled and handled.status == "unloaded":
        return handled
    if file.data_set.delivery == "versions":
        return _equal_version(cursor, file, sha256, handled)
    own = live_at_path(cursor, file) if file.file_date else None
    if own and own.sha256 != sha256:
        return None
    return live_with_content(cursor, file.data_set, sha256)


def _equal_version(
    cursor: Cursor, file: LandedFile, sha256: str, handled: Batch | None
) -> Batch | None:
    """The predecessor of a file of versions, if their contents are equal.

    For a copy of batch `handled` that still lies there, what came later to its own place in the
    order (the end, where nothing dates it) comes behind it and is no predecessor.
    """
    if handled and handled.is_live and file.file_date is None:
        return handled
    # Where nothing is dated before the file, an undated newest batch counts as its predecessor.
    cursor.execute(
        f"""
        with live as (
            select
                *,
                coalesce(file_date, business_date, 'infinity') as position
            from ops.load_batches
            where data_set = %(data_set)s and {IS_LIVE}
        ),
        present as (
            select * from live
            where
                cast(%(handled)s as bigint) is null
                or batch_id <= %(handled)s
                or position < cast(%(file_date)s as date)
        ),
        newest as (select * from present order by position desc, batch_id desc limit 1),
        before as (
            select * from present
            where position <= coalesce(cast(%(file_date)s as date), 'infinity')
            order by position desc, batch_id desc limit 1
        )
        select {COLUMNS} from before where sha256 = %(sha256)s
        union all
        select {COLUMNS} from newest
        where sha256 = %(sha256)s and file_date is null and not exists (select from before)
        """,  # noqa: S608
        {
            "data_set": file.data_set.name,
            "file_date": file.file_date,
            "sha256": sha256,
            "handled": handled.batch_id if handled else None,
        },
    )
    return _first(cursor)


def is_new_size(cursor: Cursor, file: LandedFile, size: int) -> bool:
    """No batch has content of this size: then none has this content, and no hash need tell."""
    cursor.execute(
        "select not exists (select from ops.load_batches where data_set = %s and size_bytes = %s)",
        (file.data_set.name, size),
    )
    return cursor.fetchone() == (True,)


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
    """A failed batch with its message, or the one that the same content at this path has."""
    cursor.execute(
        "update ops.load_batches set message = %s where batch_id = (select max(batch_id)"
        " from ops.load_batches where data_set = %s and path_key = %s and sha256 = %s"
        " and status = 'failed') returning batch_id",
        (message, file.data_set.name, file.path_key, content.sha256),
    )
    if row := cursor.fetchone():
        return int(row[0])
    cursor.execute(
        "insert into ops.load_batches (data_set, source_file, path_key, file_date, sha256,"
        " size_bytes, status, message, run_id)"
        " values (%s, %s, %s, %s, %s, %s, 'failed', %s, %s) returning batch_id",
        (*_identity(file, content), message, run_id),
    )
    return _number(cursor)


def close_failures(cursor: Cursor, file: LandedFile, batch_id: int) -> None:
    """Earlier failures of this path are settled by the batch that loaded."""
    cursor.execute(
        "update ops.load_batches set status = 'superseded', superseded_by = %s"
        " where data_set = %s and path_key = %s and status = 'failed'",
        (batch_id, file.data_set.name, file.path_key),
    )


def close_removed(
    cursor: Cursor, files: Iterable[LandedFile], unreadable_folders: Iterable[str]
) -> None:
    """Failures of files that no longer lie in the landing folder are settled by that."""
    present = list({(file.data_set.name, file.path_key) for file in files})
    cursor.execute(
        "update ops.load_batches set status = 'superseded' where status = 'failed'"
        " and not exists (select from unnest(%s::text[], %s::text[]) as present (name, key)"
        " where name = data_set and key = path_key)"
        " and not exists (select from unnest(%s::text[]) as folder"
        " where starts_with(path_key, folder || '/'))",
        ([name for name, _ in present], [key for _, key in present], list(unreadable_folders)),
    )


def remember(cursor: Cursor, file: LandedFile, sha256: str, batch_id: int) -> None:
    """Notes what was last handled at the file's path; writes only where that is news."""
    cursor.execute(
        "insert into ops.landing_files (data_set, path_key, sha256, batch_id, mark)"
        " values (%s, %s, %s, %s, %s) on conflict (data_set, path_key) do update"
        " set sha256 = excluded.sha256, batch_id = excluded.batch_id, mark = excluded.mark,"
        " seen_at = excluded.seen_at"
        " where (landing_files.sha256, landing_files.batch_id, landing_files.mark)"
        " is distinct from (excluded.sha256, excluded.batch_id, excluded.mark)",
        (file.data_set.name, file.path_key, sha256, batch_id, _mark(file)),
    )


def remembered_sha256(cursor: Cursor, file: LandedFile) -> str | None:
    """The content's hash, where the place behind a URL says of the file what it said before."""
    if not (mark := _mark(file)):
        return None
    cursor.execute(
        "select sha256 from ops.landing_files where data_set = %s and path_key = %s and mark = %s",
        (file.data_set.name, file.path_key, mark),
    )
    row = cursor.fetchone()
    return row[0] if row else None


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


def _identity(file: LandedFile, content: Content) -> tuple[object, ...]:
    return (
        file.data_set.name,
        file.path,
        file.path_key,
        file.file_date,
        content.sha256 or "",
        content.size,
    )


def _mark(file: LandedFile) -> str | None:
    return None if file.location.is_local or not file.mark else " ".join(map(str, file.mark))


def _first(cursor: Cursor) -> Batch | None:
    row = cursor.fetchone()
    return Batch(*row) if row else None


def _number(cursor: Cursor) -> int:
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - "returning" always gives a row
    return int(row[0])
