"""The landing step: every file of the landing folder into raw, each in a transaction of its own."""

import logging
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.errors import LandingError
from loyalty_lens.landing.arrival import Arrival, WaitingFile, has_changed, sort_out
from loyalty_lens.landing.batches import (
    close_failures,
    close_removed,
    continue_as,
    find_batch,
    live_data_sets,
    record_failure,
    record_folder,
)
from loyalty_lens.landing.content import Changing, Content, ContentError
from loyalty_lens.landing.discovery import IgnoredFile, LandedFile, find_files
from loyalty_lens.landing.known_content import known_batch, remember, remembered_batch, unchanged
from loyalty_lens.landing.lanes import in_lanes
from loyalty_lens.landing.loading import Stopped, load
from loyalty_lens.landing.looking import as_delivered, looked_at, sha256_of
from loyalty_lens.landing.replacement import Replacement, audit, find_replacement
from loyalty_lens.landing.report import FileReport, LandingReport, Outcome
from loyalty_lens.landing.rereading import changed_reading
from loyalty_lens.landing.session import exclusive, refresh_statistics
from loyalty_lens.landing.storage import Place, place_of
from loyalty_lens.landing.supersession import judge_again, supersede
from loyalty_lens.splits import Split, load_splits

logger = logging.getLogger("loyalty_lens.landing")
AT_ONCE = Arrival()


def ingest(
    url: str,
    landing: Path | str,
    *,
    run_id: str | None = None,
    supersede_limit: Decimal,
    replace: int | None = None,
    reason: str | None = None,
    options: Mapping[str, Any] | None = None,
    arrival: Arrival = AT_ONCE,
    parameters: Mapping[str, str] | None = None,
) -> LandingReport:
    """Loads what is new below `landing` into the warehouse at `url`, which must be migrated.

    `landing` is a folder or a URL (`options`: fsspec's storage options for it); `arrival` tells
    which files are complete, the others wait for the next run.
    `supersede_limit` is the share of an earlier batch's keys that a new file of the same path may
    remove; `replace` names a batch that one of the files is to supersede whatever it removes, and
    `reason` why, for ops.audit_log.
    `parameters` of the sessions (`pseudonyms.session`): without the key, sales of guests are
    refused once the phone of an erased customer must be looked for in them.
    A file that datasets.yml reads otherwise than when it was loaded is loaded in its own place.
    A file that cannot be loaded is reported and stops no other.

    Raises LandingError (no such folder, unreadable, nothing to load into an empty warehouse,
    `replace` cannot be carried out) and WarehouseError.
    """
    data_sets = load_data_sets()
    layouts: dict[str, DataSet] = {**data_sets, **load_splits()}
    place = place_of(landing, options)
    with exclusive(url, parameters) as connection:
        found, ignored = find_files(place, layouts)
        files, waiting, ignored = sort_out(found, ignored, arrival)
        files, shadowed = _one_each_path(files)
        with connection, connection.cursor() as cursor:
            close_removed(cursor, found, [file.path for file in ignored if file.is_failure])
        _refuse_nothing(connection, place, found, ignored)
        replacement = None
        if replace is not None:
            with connection, connection.cursor() as cursor:
                replacement = find_replacement(cursor, replace, files, layouts, reason)
            _replace_by_batch(connection, replacement, layouts)
        reports = [_ignored(connection, file, run_id) for file in ignored] + [
            _waiting(file) for file in waiting
        ]
        with connection, connection.cursor() as cursor:
            known = unchanged(cursor, files)

        new = {
            file.path: file
            for file in files
            if not (batch := known.get(file.path))
            or _replaces(replacement, file)
            or changed_reading(batch, file)
        }

        def handled(lane: Connection, file: LandedFile) -> list[FileReport]:
            report = (
                _landed(lane, file, run_id, supersede_limit, replacement)
                if file.path in new
                else _same(file, known[file.path].batch_id)
            )
            older = shadowed[file.path_key]
            return [report, *(_shadowed(lane, other, file, run_id) for other in older)]

        lanes = in_lanes(
            connection, url, files, handled, new=list(new.values()), parameters=parameters
        )
        for of_file in lanes:
            reports += of_file
        superseded = {batch for report in reports for batch in report.superseded}
        by_path = {file.path: file for file in files}
        for position, passed in enumerate(reports):
            # A copy that was passed over before its original went.
            if passed.outcome == "skipped_same_content" and passed.batch_id in superseded:
                file = by_path[passed.path]
                reports[position] = _landed(connection, file, run_id, supersede_limit, replacement)
        loaded = [report.data_set for report in reports if report.outcome == "loaded"]
        refresh_statistics(connection, _filled([name for name in loaded if name], layouts))
        with connection, connection.cursor() as cursor:
            live = live_data_sets(cursor)
    missing = tuple(name for name in data_sets if name not in live)
    report = LandingReport(str(place), tuple(reports), missing)
    logger.info(
        "landing: %d files seen, %d loaded, %d waiting, %d with problems, %d rows read",
        len(report.files),
        len(report.loaded),
        len(report.with_outcome("waiting")),
        len(report.problems),
        report.rows_read,
    )
    return report


def _filled(names: Sequence[str], layouts: Mapping[str, DataSet]) -> list[str]:
    """The tables of raw behind these names: of a flat file also those of what it feeds."""
    splits = [layout for name in names if isinstance(layout := layouts[name], Split)]
    return [*names, *(feed.data_set for split in splits for feed in split.feeds)]


def _landed(
    connection: Connection,
    file: LandedFile,
    run_id: str | None,
    supersede_limit: Decimal,
    replacement: Replacement | None,
) -> FileReport:
    """One file, from its bytes to its batch, committed or rolled back as a whole."""
    started = time.monotonic()
    content: Content | None = None
    replaced = replacement.old if replacement and _replaces(replacement, file) else None
    try:
        with connection, connection.cursor() as cursor:
            content = looked_at(cursor, file)
            known = known_batch(cursor, file, content.sha256) if content.sha256 else None
            reason = None
            if replaced is not None:
                old = find_batch(cursor, replaced)
                reason = "read again" if old and old.sha256 == content.sha256 else None
            elif known and (changes := changed_reading(known, file)):
                replaced = known.batch_id
                reason = f"read again, for datasets.yml changed ({', '.join(changes)})"
            if known and content.sha256 and replaced is None:
                remember(cursor, file, content.sha256, known.batch_id)
                close_failures(cursor, file, known.batch_id)
                report = _same(file, known.batch_id)
            else:
                report = load(cursor, file, content, run_id, supersede_limit, replaced, reason)
            if reason and replaced is not None and report.batch_id is not None:
                continue_as(cursor, replaced, report.batch_id)
            if replacement and replaced == replacement.old:
                audit(cursor, replacement, file.data_set.name, report.batch_id)
    except (ContentError, Stopped, Changing) as error:
        if isinstance(error, Changing) or has_changed(file):  # cut short where it ended so far
            return _waiting(WaitingFile(file, "changed while it was being read"))
        message = f"{file.path}: {error}"
        with connection, connection.cursor() as cursor:
            if content is None or content.sha256 is None:
                content = as_delivered(file)
            batch_id = record_failure(cursor, file, content, message, run_id)
        outcome: Outcome = "stopped" if isinstance(error, Stopped) else "failed"
        report = FileReport(file.path, file.data_set.name, outcome, batch_id, message=message)
    return _logged(report, time.monotonic() - started)


def _replaces(replacement: Replacement | None, file: LandedFile) -> bool:
    return replacement is not None and replacement.path == file.path


def _same(file: LandedFile, batch_id: int) -> FileReport:
    message = f"same content as batch {batch_id}"
    return FileReport(
        file.path, file.data_set.name, "skipped_same_content", batch_id, message=message
    )


def _logged(report: FileReport, seconds: float) -> FileReport:
    if report.outcome in ("failed", "stopped"):
        logger.info("%s", report.message)
    elif report.outcome == "loaded":
        notes = f"; {report.message}" if report.message else ""
        logger.info(
            "%s: batch %d, %d rows in %.2f s%s",
            report.path,
            report.batch_id,
            report.rows_read,
            seconds,
            notes,
        )
    else:
        logger.debug("%s: %s", report.path, report.message)
    return FileReport(**{**report.__dict__, "seconds": round(seconds, 3)})


def _refuse_nothing(
    connection: Connection,
    landing: Place,
    files: Sequence[LandedFile],
    ignored: Sequence[IgnoredFile],
) -> None:
    """An empty landing folder is fine for a warehouse that lives, and a mistake for a new one."""
    if files:
        return
    with connection, connection.cursor() as cursor:
        if live_data_sets(cursor):
            logger.warning("no files below %s: nothing new to load", landing)
            return
    if ignored:
        first = ignored[0]
        raise LandingError(
            f"none of the {len(ignored)} files below {landing} can be loaded"
            f" ({first.path}: {first.reason})"
        )
    raise LandingError(
        f"no files below {landing}; put CSV files there, such as customer_details.csv"
        " and store_sales_header_2026-01-05.csv"
    )


def _replace_by_batch(
    connection: Connection, replacement: Replacement, data_sets: Mapping[str, DataSet]
) -> None:
    """The corrected file is loaded already: the old batch goes, the newer one is judged again."""
    if replacement.batch is None:
        return
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select data_set from ops.load_batches where batch_id = %s", (replacement.old,)
        )
        (name,) = cursor.fetchone() or ("",)
        supersede(cursor, data_sets[name], replacement.old, replacement.batch)
        judge_again(cursor, replacement.batch)
        audit(cursor, replacement, name, replacement.batch)
    logger.info("batch %d superseded by batch %d", replacement.old, replacement.batch)


def _ignored(connection: Connection, file: IgnoredFile, run_id: str | None) -> FileReport:
    message = f"{file.path}: {file.reason}"
    if file.is_failure:
        logger.info("%s", message)
        with connection, connection.cursor() as cursor:
            batch_id = record_folder(cursor, file.path, message, run_id)
        return FileReport(file.path, None, "failed", batch_id, message=message)
    logger.warning("%s ignored: %s", file.path, file.reason)
    return FileReport(file.path, None, "ignored", message=message)


def _waiting(file: WaitingFile) -> FileReport:
    message = f"{file.file.path}: {file.reason}; it will be read in the next run"
    logger.info("%s", message)
    return FileReport(file.file.path, file.file.data_set.name, "waiting", message=message)


def _one_each_path(
    files: Sequence[LandedFile],
) -> tuple[list[LandedFile], dict[str, list[LandedFile]]]:
    """The newest file of each path, and the others by path (plain and compressed side by side)."""
    first: dict[str, LandedFile] = {}
    others: dict[str, list[LandedFile]] = {file.path_key: [] for file in files}
    for file in files:
        if first.setdefault(file.path_key, file) is not file:
            others[file.path_key].append(file)
    return list(first.values()), others


def _shadowed(
    connection: Connection, file: LandedFile, newer: LandedFile, run_id: str | None
) -> FileReport:
    """A second file of one path: harmless only where it holds what was loaded from there."""
    name = file.data_set.name
    with connection, connection.cursor() as cursor:
        batch = remembered_batch(cursor, newer)
        sha256 = sha256_of(cursor, file)
        if batch and batch.sha256 == sha256:
            close_failures(cursor, file, batch.batch_id)
            message = f"same content as {newer.path}"
            return FileReport(file.path, name, "skipped_same_content", message=message)
        message = (
            f"{file.path}: lies at one path with {newer.path}, of which only that one is read;"
            " rename or remove one of them"
        )
        content = (
            Content(sha256, file.mark.size, None, file.mark)
            if sha256 and file.mark
            else as_delivered(file)
        )
        batch_id = record_failure(cursor, file, content, message, run_id)
    logger.info("%s", message)
    return FileReport(file.path, name, "failed", batch_id, message=message)
