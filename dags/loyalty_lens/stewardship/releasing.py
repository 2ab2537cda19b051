"""`lens release`: a person lets a held batch through."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.errors import StewardshipError
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.warehouse.connection import connected


def release(url: str, batch_id: int, reason: str) -> str:
    """The batch is judged again in the next run, and no rule about whole batches stops it.

    Returns its file. Raises StewardshipError where it is not held.
    """
    reason = given_reason(reason)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.load_batches set status = 'loaded', cleared_at = clock_timestamp()"
            " where batch_id = %s and status = 'held'"
            " returning data_set, source_file, held_because",
            (batch_id,),
        )
        found = cursor.fetchone()
        if found is None:
            raise StewardshipError(_why_not(cursor, batch_id))
        data_set, source_file, held_because = found
        record(
            cursor,
            "release",
            reason,
            data_set=data_set,
            batch_id=batch_id,
            details={"held_because": held_because},
        )
    return str(source_file)


def _why_not(cursor: Cursor, batch_id: int) -> str:
    cursor.execute("select status from ops.load_batches where batch_id = %s", (batch_id,))
    found = cursor.fetchone()
    return f"batch {batch_id} is {found[0]}, not held" if found else f"there is no batch {batch_id}"
