"""Repeated versions: a row of a master that says what the version before it said."""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality.reading import raw_key, source, typed


def mark_repeated(cursor: Cursor, data_set: DataSet, batches: list[int]) -> list[int]:
    """Finds anew, for every key that these batches hold, the versions equal to the one before.

    Versions come in the order of `modified_at`, else the file's date, else the date of arrival. A
    late version in the middle may make a later row a version of its own again. Returns the batches
    whose rows were looked at.
    """
    dated = [column.name for column in data_set.columns if column.name == "modified_at"]
    key = raw_key(data_set)
    cursor.execute(
        sql.SQL(
            "create temporary table touched on commit drop as select distinct {key} as _key"
            " from {raw} as delivered inner join ops.load_batches as batches"
            " on delivered._batch_id = batches.batch_id where batches.batch_id = any({batches})"
        ).format(key=key, raw=sql.Identifier("raw", data_set.name), batches=sql.Literal(batches))
    )
    cursor.execute("analyze touched")
    cursor.execute(
        sql.SQL(
            """
            create temporary table versions on commit drop as
            select
                live._batch_id,
                live._row_number,
                lag(live._batch_id) over by_version as original_batch_id,
                lag(live._row_number) over by_version as original_row_number,
                coalesce(live._content_hash = lag(live._content_hash) over by_version, false)
                    as is_repeated
            from ({live}) as live
            where not exists (
                select from {reject} as rejected
                where
                    rejected._batch_id = live._batch_id
                    and rejected._row_number = live._row_number
                    and rejected.status <> 'replayed'
            )
            window by_version as (
                partition by live._key
                order by
                    coalesce(
                        {modified_at},
                        cast(coalesce(live._file_date, live._arrival_date) as timestamp)
                    ),
                    live._batch_id,
                    live._row_number
            )
            """
        ).format(
            live=typed(
                data_set,
                source(
                    data_set,
                    "raw",
                    "validated",
                    where=sql.SQL("where {} in (select touched._key from touched)").format(key),
                ),
            ),
            reject=sql.Identifier("reject", data_set.name),
            modified_at=sql.SQL("cast({} as timestamp)").format(
                sql.SQL("live.modified_at") if dated else sql.SQL("null")
            ),
        )
    )
    cursor.execute(
        "delete from ops.duplicates using versions where duplicates.data_set = %s"
        " and duplicates._batch_id = versions._batch_id"
        " and duplicates._row_number = versions._row_number",
        (data_set.name,),
    )
    cursor.execute(
        "insert into ops.duplicates (data_set, _batch_id, _row_number, original_batch_id,"
        " original_row_number) select %s, _batch_id, _row_number, original_batch_id,"
        " original_row_number from versions where is_repeated",
        (data_set.name,),
    )
    cursor.execute("select distinct _batch_id from versions")
    looked_at = sorted({*batches, *(batch for (batch,) in cursor.fetchall())})
    cursor.execute("drop table versions, touched")
    return looked_at
