"""What becomes of a steward's decisions about the rows of a batch when another takes its place."""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet


def repairs_of(cursor: Cursor, batch_id: int) -> list[int]:
    """The steward's batches that live and repair rows of this one."""
    cursor.execute(
        "select batch_id from ops.load_batches where repairs_batch = %s"
        " and status in ('loaded', 'validated', 'held') order by batch_id",
        (batch_id,),
    )
    return [repairs for (repairs,) in cursor.fetchall()]


def has_same_content(cursor: Cursor, one: int, other: int) -> bool:
    """Whether two batches are the same file, read twice, and made alike if it is a flat one.

    After `unload` it begins afresh.
    """
    cursor.execute(
        "select count(distinct (sha256, coalesce(definition, ''))) = 1"
        " and bool_and(sha256 <> '' and status <> 'unloaded') from ops.load_batches"
        " where batch_id in (%s, %s)",
        (one, other),
    )
    return cursor.fetchone() == (True,)


def reopen_repaired(cursor: Cursor, data_set: DataSet, batch_id: int) -> bool:
    """The rows that a steward's batch repairs are open again; False where others repair some too.

    To be called when that batch is closed. Nothing happens where it is an ordinary one.
    """
    cursor.execute("select repairs_batch from ops.load_batches where batch_id = %s", (batch_id,))
    (repaired,) = cursor.fetchone() or (None,)
    if repaired is None:
        return True
    if repairs_of(cursor, repaired):
        return False
    cursor.execute(
        sql.SQL(
            "update {} set status = 'open', resolved_at = null"
            " where _batch_id = %s and status = 'superseded'"
        ).format(sql.Identifier("reject", data_set.name)),
        (repaired,),
    )
    return True


def keep_decisions(cursor: Cursor, data_set: DataSet, old: int, new: int) -> None:
    """Rows waived or repaired in `old` are so in `new`; to be called before `old` is closed."""
    columns = ["_row_number", "_extra", "_loaded_at", *data_set.column_names]
    columns += ["rule_ids", "errors", "status", "rejected_at", "resolved_at"]
    cursor.execute(
        sql.SQL(
            "insert into {reject} (_batch_id, {columns}) select %s, {columns} from {reject}"
            " where _batch_id = %s and status in ('waived', 'superseded')"
        ).format(
            reject=sql.Identifier("reject", data_set.name),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        ),
        (new, old),
    )
    cursor.execute(
        "update ops.load_batches set repairs_batch = %s where repairs_batch = %s", (new, old)
    )
