"""One file's content becomes a batch: rows, counts, and the batches whose place it takes."""

from decimal import Decimal

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.errors import LandingError
from loyalty_lens.landing.arrival import has_changed
from loyalty_lens.landing.batches import begin_batch, close_failures, live_at_path
from loyalty_lens.landing.content import Changing, Content, inspect
from loyalty_lens.landing.copying import Copied, copy_file
from loyalty_lens.landing.deriving import derive
from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.landing.header import Layout, read_layout
from loyalty_lens.landing.known_content import remember
from loyalty_lens.landing.report import FileReport
from loyalty_lens.landing.supersession import removal, supersede
from loyalty_lens.privacy.blanking import blank_erased
from loyalty_lens.splits import Split

DISCOUNTS = ("promotion_details", "discount_percentage")


class Stopped(LandingError):  # noqa: N818 - it says what became of the file
    """A file would remove too much of an earlier batch; the message says how to let it through."""


def load(
    cursor: Cursor,
    file: LandedFile,
    content: Content,
    run_id: str | None,
    supersede_limit: Decimal,
    replaced: int | None,
    reason: str | None = None,
) -> FileReport:
    """Loads the file in the caller's transaction; `replaced` is a batch to supersede in any case.

    `reason`: why content that is known is loaded again, for the message.
    Raises ContentError (the file is refused as a whole), Stopped, and Changing (not complete yet);
    the caller rolls back.
    """
    if content.head is None:
        content = inspect(file.location, is_compressed=file.is_compressed)
    layout = read_layout(content.head or b"", file.data_set)
    batch_id = begin_batch(cursor, file, content, layout.separator, run_id)
    copied = copy_file(cursor, file, layout, batch_id)
    blanked = blank_erased(cursor, file.data_set.name, batch_id)
    if has_changed(file) or content.mark != file.mark:
        raise Changing("changed while it was being read")
    made = _taken_apart(cursor, file, layout, copied, batch_id)
    superseded = _supersede_earlier(cursor, file, batch_id, supersede_limit, replaced)
    noticed = _noticed(layout, copied, superseded)
    if blanked:
        noticed.append(f"{blanked} rows of erased customers came without their personal data")
    message = "; ".join(filter(None, [reason, *noticed, *made]))
    sha256 = content.sha256 or copied.sha256 or _sha256(file)
    _complete(cursor, file, layout, copied, batch_id, sha256, message or None)
    remember(cursor, file, sha256, batch_id)
    close_failures(cursor, file, batch_id)
    return FileReport(
        path=file.path,
        data_set=file.data_set.name,
        outcome="loaded",
        batch_id=batch_id,
        rows_read=copied.rows_read,
        rows_malformed=copied.rows_malformed,
        rows_short=copied.rows_short,
        extra_columns=layout.extra,
        message=message or None,
        superseded=superseded,
    )


def _taken_apart(
    cursor: Cursor, file: LandedFile, layout: Layout, copied: Copied, batch_id: int
) -> list[str]:
    """Of a flat file: makes the batches of the data sets that it feeds, where its rows count."""
    split = file.data_set
    if not isinstance(split, Split):
        return []
    cursor.execute(
        "update ops.load_batches set status = 'split', definition = %s, rows_accepted = %s"
        " where batch_id = %s",
        (split.definition, copied.rows_read - copied.rows_malformed, batch_id),
    )
    return derive(cursor, split, layout, batch_id)


def _supersede_earlier(
    cursor: Cursor,
    file: LandedFile,
    batch_id: int,
    supersede_limit: Decimal,
    replaced: int | None,
) -> tuple[int, ...]:
    """The batches that the new one takes the place of: at its own dated path, and the named one."""
    old: list[int] = [replaced] if replaced is not None else []
    if file.data_set.delivery == "events" and file.file_date is not None:
        earlier = live_at_path(cursor, file, other_than=batch_id)
        if earlier and earlier.batch_id != replaced:
            removed = removal(cursor, file.data_set, earlier.batch_id, batch_id)
            # What a rule has stopped counts nowhere: nothing can be lost of it.
            if earlier.status != "held" and removed.exceeds(supersede_limit):
                raise Stopped(
                    f"would remove {removed.missing} of the {removed.keys} keys of batch"
                    f" {earlier.batch_id}, more than {supersede_limit:.0%}; the old data stay."
                    " If the file is right: lens ingest --replace"
                    f" {earlier.batch_id}; otherwise deliver it again"
                )
            old.append(earlier.batch_id)
    for batch in old:
        supersede(cursor, file.data_set, batch, batch_id)
    return tuple(old)


def _complete(
    cursor: Cursor,
    file: LandedFile,
    layout: Layout,
    copied: Copied,
    batch_id: int,
    sha256: str,
    message: str | None,
) -> None:
    cursor.execute(
        "update ops.load_batches set rows_read = %s, rows_malformed = %s, rows_short = %s,"
        " sha256 = %s, encoding = %s, extra_columns = %s, is_discount_in_percent = %s, message = %s"
        " where batch_id = %s",
        (
            copied.rows_read,
            copied.rows_malformed,
            copied.rows_short,
            sha256,
            "utf-8, windows-1252" if copied.rows_windows_1252 else "utf-8",
            list(layout.extra),
            _is_discount_in_percent(cursor, file, batch_id),
            message,
            batch_id,
        ),
    )
    cursor.execute(
        "update ops.load_batches set sha256 = %s where derived_from = %s", (sha256, batch_id)
    )


def _sha256(file: LandedFile) -> str:
    return inspect(file.location, is_compressed=file.is_compressed).sha256 or ""


def _is_discount_in_percent(cursor: Cursor, file: LandedFile, batch_id: int) -> bool:
    """Design section 2: at least half of the discounts exceed 1."""
    table, column = DISCOUNTS
    if file.data_set.name != table:
        return False
    cursor.execute(
        sql.SQL(
            "select coalesce(2 * count(*) filter (where discount > 1)"
            " >= nullif(count(discount), 0), false) from (select"
            " ops.read_number({column}, %s) as discount from raw.{table}"
            " where _batch_id = %s) as discounts"
        ).format(column=sql.Identifier(column), table=sql.Identifier(table)),
        (file.data_set.decimal_mark, batch_id),
    )
    return cursor.fetchone() == (True,)


def _noticed(layout: Layout, copied: Copied, superseded: tuple[int, ...]) -> list[str]:
    notes = []
    if superseded:
        notes.append(f"supersedes batch {', '.join(map(str, superseded))}")
    if copied.rows_malformed:
        notes.append(f"{copied.rows_malformed} malformed lines (reject.malformed_lines)")
    if copied.rows_short:
        notes.append(f"{copied.rows_short} rows shorter than the header")
    if copied.rows_windows_1252:
        notes.append(f"{copied.rows_windows_1252} rows read as Windows-1252")
    if layout.extra:
        notes.append(f"extra columns kept in _extra: {', '.join(layout.extra)}")
    return notes
