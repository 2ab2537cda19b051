"""`lens unload BATCH`: a batch is taken out on purpose, with nothing in its place."""

import logging
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.errors import LandingError
from loyalty_lens.landing.batches import IS_LIVE, Batch, find_batch
from loyalty_lens.landing.repairs import reopen_repaired, repairs_of
from loyalty_lens.landing.session import exclusive
from loyalty_lens.landing.supersession import close, made_from
from loyalty_lens.quality.batches import REFERRING, put_back
from loyalty_lens.splits import load_splits
from loyalty_lens.stewardship.audit import given_reason, record

logger = logging.getLogger("loyalty_lens.landing")


@dataclass(frozen=True)
class Unloaded:
    """What was taken out, and how many batches are judged again for it."""

    data_set: str
    source_file: str
    rows_read: int
    batches_to_judge: int


def unload(url: str, batch_id: int, reason: str) -> Unloaded:
    """Takes a live batch and its repairs out; status `unloaded`, an entry in ops.audit_log.

    Its rows stay in raw and count nowhere. Rows that had lost to them, and rows that refer to
    them, are judged again. Its file stays out, wherever it and its copies lie, until
    `lens ingest --replace` names the batch. Raises LandingError and StewardshipError.
    """
    reason = given_reason(reason)
    with exclusive(url) as connection, connection, connection.cursor() as cursor:
        batch = _unloadable(cursor, batch_id)
        for name, made, _ in made_from(cursor, batch_id):
            _close(cursor, load_data_sets()[name], made)
        layouts: dict[str, DataSet] = {**load_data_sets(), **load_splits()}
        data_set = layouts[batch.data_set]
        _close(cursor, data_set, batch_id)
        cursor.execute(
            "select source_file, rows_read,"
            " (select count(*) from ops.load_batches where status = 'loaded')"
            " from ops.load_batches where batch_id = %s",
            (batch_id,),
        )
        unloaded = Unloaded(data_set.name, *(cursor.fetchone() or ("", 0, 0)))
        record(
            cursor,
            "unload",
            reason,
            data_set=data_set.name,
            batch_id=batch_id,
            details={"source_file": unloaded.source_file, "rows_read": unloaded.rows_read},
        )
    logger.info("batch %d (%s) unloaded: %s", batch_id, unloaded.source_file, reason)
    return unloaded


def _close(cursor: Cursor, data_set: DataSet, batch_id: int) -> None:
    for repairs in repairs_of(cursor, batch_id):
        close(cursor, data_set, repairs, "unloaded")
    close(cursor, data_set, batch_id, "unloaded")
    if not reopen_repaired(cursor, data_set, batch_id):
        raise LandingError(
            f"unload {batch_id}: other batches repair rows of the same file;"
            " unload that file's batch instead"
        )
    if data_set.delivery == "versions":  # a key may be known no more
        put_back(cursor, REFERRING.get(data_set.name, ()))


def _unloadable(cursor: Cursor, batch_id: int) -> Batch:
    batch = find_batch(cursor, batch_id)
    if batch is None:
        raise LandingError(f"unload {batch_id}: there is no such batch; see lens status")
    if not batch.is_live:
        cursor.execute(
            f"select max(batch_id) from ops.load_batches where data_set = %s and path_key = %s"  # noqa: S608
            f" and {IS_LIVE}",
            (batch.data_set, batch.path_key),
        )
        (live,) = cursor.fetchone() or (None,)
        hint = f"; of its path batch {live} counts" if live else ""
        raise LandingError(f"unload {batch_id}: that batch is {batch.status} already{hint}")
    cursor.execute("select derived_from from ops.load_batches where batch_id = %s", (batch_id,))
    (flat,) = cursor.fetchone() or (None,)
    if flat is not None:
        raise LandingError(
            f"unload {batch_id}: that batch was made from a flat file; unload the file's own"
            f" batch: lens unload {flat}"
        )
    if batch.data_set not in {**load_data_sets(), **load_splits()}:
        raise LandingError(
            f"unload {batch_id}: {batch.data_set} is no data set of datasets.yml any more"
        )
    return batch
