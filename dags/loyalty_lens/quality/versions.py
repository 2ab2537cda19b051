"""Repeated versions: a row of a master that says what the version before it said."""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import known


def mark_repeated(cursor: Cursor, data_set: DataSet, batches: list[int]) -> list[int]:
    """Finds anew, for every key that these batches hold, the versions equal to the one before.

    Versions come in the order of `modified_at`, else the file's date, else the date of arrival. A
    late version in the middle may make a later row a version of its own again; nothing changes
    before the first row that came or went, so each key is looked at from the row before that one.
    Returns the batches whose rows were looked at.
    """
    cursor.execute(
        sql.SQL(
            """
            create temporary table touched on commit drop as
            select known._entity_hash, known._key_hash, min(known._version_at) as first_at
            from {known} as known
            where known._batch_id = any(
                array(
                    select batch_id from ops.load_batches
                    where batch_id = any(%(batches)s) or superseded_by = any(%(batches)s)
                )
            )
            group by known._entity_hash, known._key_hash
            """
        ).format(known=known.table_of(data_set)),
        {"batches": batches},
    )
    cursor.execute("analyze touched")
    cursor.execute(
        sql.SQL(
            """
            create temporary table versions on commit drop as
            with live as (
                select touched.first_at, rows.*
                from touched
                cross join lateral (
                    (
                        select live.*
                        from {live} as live
                        where
                            live._entity_hash = touched._entity_hash
                            and live._key_hash = touched._key_hash
                            and live._version_at < touched.first_at
                            and not live._is_rejected
                        order by live._version_at desc, live._batch_id desc, live._row_number desc
                        limit 1
                    )
                    union all
                    select live.*
                    from {live} as live
                    where
                        live._entity_hash = touched._entity_hash
                        and live._key_hash = touched._key_hash
                        and live._version_at >= touched.first_at
                        and not live._is_rejected
                ) as rows
            ),
            compared as (
                select
                    live._batch_id,
                    live._row_number,
                    live._version_at >= live.first_at as is_touched,
                    lag(live._batch_id) over by_version as original_batch_id,
                    lag(live._row_number) over by_version as original_row_number,
                    coalesce(live._content_hash = lag(live._content_hash) over by_version, false)
                        as is_repeated
                from live
                window by_version as (
                    partition by live._entity_hash, live._key_hash
                    order by live._version_at, live._batch_id, live._row_number
                )
            )
            select
                compared._batch_id,
                compared._row_number,
                compared.original_batch_id,
                compared.original_row_number,
                compared.is_repeated
            from compared
            where compared.is_touched
            """
        ).format(live=sql.Identifier("judge", f"live_{data_set.name}"))
    )
    cursor.execute("analyze versions")
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
