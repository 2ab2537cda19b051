"""`lens ingest --replace BATCH`: which delivery takes the place of that batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import LandingError
from loyalty_lens.landing.batches import Batch, find_batch, live_batches
from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.landing.known_content import known_batch
from loyalty_lens.landing.looking import sha256_of
from loyalty_lens.landing.rereading import changed_reading
from loyalty_lens.stewardship.audit import record


@dataclass(frozen=True)
class Replacement:
    """Batch `old` goes; in its place comes the file at `path` or the loaded `batch`."""

    old: int
    path: str | None = None
    batch: int | None = None
    reason: str | None = None  # of whoever asked for it


def find_replacement(
    cursor: Cursor,
    batch_id: int,
    files: Sequence[LandedFile],
    data_sets: Mapping[str, DataSet],
    reason: str | None = None,
) -> Replacement:
    """As `_find`, with the reason that was given for it."""
    return replace(_find(cursor, batch_id, files, data_sets), reason=reason)


def audit(cursor: Cursor, replacement: Replacement, data_set: str, new: int | None) -> None:
    """Notes in ops.audit_log that somebody had a batch replaced."""
    record(
        cursor,
        "replace",
        " ".join((replacement.reason or "").split()) or "none given",
        data_set=data_set,
        batch_id=replacement.old,
        details={"replaced_by": new},
    )


def _find(
    cursor: Cursor, batch_id: int, files: Sequence[LandedFile], data_sets: Mapping[str, DataSet]
) -> Replacement:
    """The one delivery that can be meant. Raises LandingError where there is none, or several.

    In this order: the file at the batch's own path, if its content is another or is read otherwise
    now; the only new file of the data set; the only later batch that shares keys with the old one
    and whose file lies in the landing folder; the unchanged file at the batch's own path, to be
    read again. Of versions only a file that is read again can be meant. A batch that was unloaded
    comes back this way.
    """
    old = _replaceable(cursor, batch_id, data_sets)
    data_set = data_sets[old.data_set]
    contents = {
        file: sha256
        for file in files
        if file.data_set.name == data_set.name and (sha256 := sha256_of(cursor, file))
    }
    own = next((file for file in contents if file.path_key == old.path_key), None)
    unchanged = own if own and contents[own] == old.sha256 else None
    if unchanged and (data_set.delivery == "versions" or changed_reading(old, unchanged)):
        return Replacement(batch_id, path=unchanged.path)
    if data_set.delivery == "versions":
        raise LandingError(
            f"--replace {batch_id}: {old.data_set} keeps every version;"
            " deliver a corrected file and it becomes the newest"
        )
    if own and not unchanged:
        same = live_batches(cursor, data_set, [contents[own]])
        if same:
            return Replacement(batch_id, batch=same[-1].batch_id)
        return Replacement(batch_id, path=own.path)
    new = [
        file.path for file, sha256 in contents.items() if known_batch(cursor, file, sha256) is None
    ]
    if unchanged and any(_is_of_another_day(file, old) for file in contents if file.path in new):
        new.append(unchanged.path)
    later = [
        batch.batch_id
        for batch in live_batches(cursor, data_set, contents.values())
        if batch.batch_id > batch_id and _share_keys(cursor, data_set, old, batch)
    ]
    if len(new) == 1:
        return Replacement(batch_id, path=new[0])
    if not new and len(later) == 1:
        return Replacement(batch_id, batch=later[0])
    if new or later:
        choices = ", ".join(new) or "batches " + ", ".join(map(str, later))
        raise LandingError(
            f"--replace {batch_id}: more than one delivery could take its place ({choices});"
            " leave only that file in the landing folder"
        )
    if unchanged:
        return Replacement(batch_id, path=unchanged.path)
    raise LandingError(
        f"--replace {batch_id}: the landing folder has no {data_set.name} file"
        " to take its place; put the corrected file there"
    )


def _replaceable(cursor: Cursor, batch_id: int, data_sets: Mapping[str, DataSet]) -> Batch:
    old = find_batch(cursor, batch_id)
    if old is None:
        raise LandingError(f"--replace {batch_id}: there is no such batch; see lens status")
    cursor.execute("select derived_from from ops.load_batches where batch_id = %s", (batch_id,))
    (flat,) = cursor.fetchone() or (None,)
    if flat is not None:
        raise LandingError(
            f"--replace {batch_id}: that batch was made from a flat file; replace the file's own"
            f" batch: --replace {flat}"
        )
    if not old.is_live and old.status != "unloaded":
        raise LandingError(
            f"--replace {batch_id}: that batch is {old.status} already;"
            " name the batch whose rows are to go (lens status)"
        )
    if old.data_set not in data_sets:
        raise LandingError(
            f"--replace {batch_id}: {old.data_set} is no data set of datasets.yml any more"
        )
    return old


def _is_of_another_day(file: LandedFile, old: Batch) -> bool:
    return None not in (file.file_date, old.file_date) and file.file_date != old.file_date


def _share_keys(cursor: Cursor, data_set: DataSet, old: Batch, new: Batch) -> bool:
    columns = sql.SQL(", ").join(map(sql.Identifier, data_set.key))
    statement = sql.SQL(
        "select exists (select {columns} from raw.{table} where _batch_id = %s"
        " intersect select {columns} from raw.{table} where _batch_id = %s)"
    ).format(columns=columns, table=sql.Identifier(data_set.name))
    cursor.execute(statement, (old.batch_id, new.batch_id))
    return cursor.fetchone() == (True,)
