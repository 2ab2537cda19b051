"""What `ops.load_batches` and `ops.landing_files` know, and how landing adds to them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.landing.content import Content
from loyalty_lens.landing.discovery import LandedFile

IS_LIVE = "status in ('loaded', 'validated')"


@dataclass(frozen=True)
class Batch:
    """A row of ops.load_batches, as far as landing looks at it."""

    batch_id: int
    data_set: str
    path_key: str
    sha256: str
    file_date: dt.date | None
    status: str

    @property
    def is_live(self) -> bool:
        return self.status in ("loaded", "validated")


COLUMNS = "batch_id, data_set, path_key, sha256, file_date, status"


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


def known_batch(cursor: Cursor, file: LandedFile, sha256: str) -> int | None:
    """The batch that makes loading this content needless, or None.

    What merely still lies where it was handled before is known, even if another file has replaced
    it since. Otherwise: of events, content that is live anywhere, unless the file's own dated path
    holds something else, which it then replaces; of versions, content equal to the newest batch
    before the file's place in the order of versions, so that late days end as punctual ones do.
    """
    name = file.data_set.name
    cursor.execute(
        "select batch_id from ops.landing_files inner join ops.load_batches using (batch_id)"
        " where landing_files.data_set = %s and landing_files.path_key = %s"
        " and landing_files.sha256 = %s"
        " and (status in ('loaded', 'validated')"
        " or status = 'superseded' and superseded_by is not null)",
        (name, file.path_key, sha256),
    )
    if row := cursor.fetchone():
        return int(row[0])
    if file.data_set.delivery == "events":
        own = live_at_path(cursor, file) if file.file_date else None
        if own and own.sha256 != sha256:
            return None
        batch = live_with_content(cursor, file.data_set, sha256)
        return batch.batch_id if batch else None
    # Where nothing is dated before the file, an undated newest batch counts as its predecessor.
    cursor.execute(
        f"""
        with live as (
            select
                batch_id,
                sha256,
                file_date,
                coalesce(file_date, business_date, 'infinity') as position
            from ops.load_batches
            where data_set = %(data_set)s and {IS_LIVE}
        ),
        newest as (select * from live order by position desc, batch_id desc limit 1),
        before as (
            select * from live
            where position <= coalesce(cast(%(file_date)s as date), 'infinity')
            order by position desc, batch_id desc limit 1
        )
        select batch_id from before where sha256 = %(sha256)s
        union all
        select batch_id from newest
        where sha256 = %(sha256)s and file_date is null and not exists (select from before)
        """,  # noqa: S608
        {"data_set": name, "file_date": file.file_date, "sha256": sha256},
    )
    row = cursor.fetchone()
    return int(row[0]) if row else None


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


def remember(cursor: Cursor, file: LandedFile, sha256: str, batch_id: int) -> None:
    """Notes what was last handled at the file's path; writes only where that is news."""
    cursor.execute(
        "insert into ops.landing_files (data_set, path_key, sha256, batch_id)"
        " values (%s, %s, %s, %s) on conflict (data_set, path_key) do update"
        " set sha256 = excluded.sha256, batch_id = excluded.batch_id, seen_at = excluded.seen_at"
        " where (landing_files.sha256, landing_files.batch_id)"
        " is distinct from (excluded.sha256, excluded.batch_id)",
        (file.data_set.name, file.path_key, sha256, batch_id),
    )


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


def _first(cursor: Cursor) -> Batch | None:
    row = cursor.fetchone()
    return Batch(*row) if row else None


def _number(cursor: Cursor) -> int:
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - "returning" always gives a row
    return int(row[0])
