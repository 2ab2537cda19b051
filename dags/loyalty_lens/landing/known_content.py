"""Whether content is known: what was last handled at a file's path, and live batches like it."""

import time
from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.landing.batches import (
    COLUMNS,
    IS_LIVE,
    Batch,
    first_batch,
    live_at_path,
    live_with_content,
)
from loyalty_lens.landing.discovery import LandedFile

SETTLED_NS = 2_000_000_000  # younger files may change again without another time to tell


def unchanged(cursor: Cursor, files: Sequence[LandedFile]) -> dict[str, Batch]:
    """By path: the batches of files that lie as they lay when they were loaded from there.

    One query for all, so that a file of long ago costs next to nothing. Without files that failed.
    """
    marked = [(file, mark) for file in files if (mark := _mark(file))]
    cursor.execute(
        f"select delivered.path, {', '.join(f'batches.{name}' for name in COLUMNS.split(', '))}"  # noqa: S608
        " from unnest(%s::text[], %s::text[], %s::text[], %s::text[])"
        " as delivered (path, data_set, path_key, mark)"
        " inner join ops.landing_files as files using (data_set, path_key, mark)"
        " inner join ops.load_batches as batches on files.batch_id = batches.batch_id"
        " and files.sha256 = batches.sha256 and files.path_key = batches.path_key"
        " and batches.status <> 'failed' where not exists (select from ops.load_batches as failed"
        " where failed.status = 'failed' and failed.source_file = delivered.path"
        " and failed.data_set = delivered.data_set)",
        (
            [file.path for file, _ in marked],
            [file.data_set.name for file, _ in marked],
            [file.path_key for file, _ in marked],
            [mark for _, mark in marked],
        ),
    )
    return {path: Batch(*columns) for path, *columns in cursor.fetchall()}


def remembered_batch(cursor: Cursor, file: LandedFile) -> Batch | None:
    """The batch with the content last handled at the file's path; its own, or that of a copy."""
    cursor.execute(
        f"select {COLUMNS} from ops.load_batches where batch_id = (select batch_id"  # noqa: S608
        " from ops.landing_files where data_set = %s and path_key = %s)",
        (file.data_set.name, file.path_key),
    )
    return first_batch(cursor)


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
    return first_batch(cursor)


def is_new_size(cursor: Cursor, file: LandedFile, size: int) -> bool:
    """No batch has content of this size: then none has this content, and no hash need tell."""
    cursor.execute(
        "select not exists (select from ops.load_batches where data_set = %s and size_bytes = %s)",
        (file.data_set.name, size),
    )
    return cursor.fetchone() == (True,)


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
    """The content's hash, where the place says of the file what it said before."""
    if not (mark := _mark(file)):
        return None
    cursor.execute(
        "select sha256 from ops.landing_files where data_set = %s and path_key = %s and mark = %s",
        (file.data_set.name, file.path_key, mark),
    )
    row = cursor.fetchone()
    return row[0] if row else None


def _mark(file: LandedFile) -> str | None:
    if not file.mark:
        return None
    if not file.mark.changed_ns:
        return " ".join(map(str, file.mark[:3]))
    is_settled = time.time_ns() - file.mark.changed_ns > SETTLED_NS
    return " ".join(map(str, file.mark)) if is_settled else None
