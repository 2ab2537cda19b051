"""Rows that share a key: which repeat an earlier one exactly, and which of the others wins.

`judge.contested` has all rows, live and new, of keys that occur more than once; `judge.repeated`
exact duplicates and what they repeat. Both are found before their data set is judged, and are
called `judge.<data set>__contested` and so on until then (`scratch.use_prepared`).
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import known

TABLES = ("contested", "repeated")
MUCH = 4  # times as many rows known as judged
REPEATED = """
    create unlogged table {repeated} as
    with compared as (
        select
            contested._batch_id,
            contested._row_number,
            contested.is_judged,
            first_value(contested._batch_id) over equal_rows as original_batch_id,
            first_value(contested._row_number) over equal_rows as original_row_number
        from {contested} as contested
        window equal_rows as (
            partition by contested._key, contested._content_hash
            order by contested.is_accepted desc, contested._batch_id, contested._row_number
        )
    )
    select
        compared._batch_id,
        compared._row_number,
        compared.original_batch_id,
        compared.original_row_number
    from compared
    where
        compared.is_judged
        and (compared._batch_id, compared._row_number)
        <> (compared.original_batch_id, compared.original_row_number)
"""


def find(cursor: Cursor, data_set: DataSet, rows: sql.Composable) -> None:
    """Makes `contested` and `repeated` of the table `rows`, for events.

    A row repeats the earliest live row of its key with the same content, accepted or not; a row
    accepted already comes before all others. Versions are compared once all is judged
    (`versions.mark_repeated`), because their order depends on the date of arrival.
    """
    keys, contested, repeated = (table_of(data_set, name) for name in ("common_keys", *TABLES))
    if data_set.delivery == "versions":
        cursor.execute(
            sql.SQL(
                "create unlogged table {} (_batch_id bigint, _row_number bigint,"
                " original_batch_id bigint, original_row_number bigint)"
            ).format(repeated)
        )
        return
    # Sorted by all workers at once; counting them in a hash table is left to one, and takes memory.
    cursor.execute("set local enable_hashagg = off")
    cursor.execute(
        sql.SQL(
            "create unlogged table {} as select rows._key_hash from {} as rows"
            " group by rows._key_hash having count(*) > 1"
        ).format(keys, rows)
    )
    cursor.execute("set local enable_hashagg = on")
    cursor.execute(sql.SQL("analyze {}").format(keys))
    _prefer_index(cursor, data_set)
    cursor.execute(
        sql.SQL(
            """
            create unlogged table {contested} as
            with found as (
                select
                    known._batch_id, known._row_number, known._key_hash, known._content_hash,
                    min(wanted._key) as _key
                from {judged} as wanted
                inner join {known} as known
                    on wanted._entity_hash = known._entity_hash
                    and wanted._key_hash = known._key_hash
                group by
                    known._batch_id, known._row_number, known._key_hash, known._content_hash
                -- A reject judged again finds itself.
                having not bool_or(
                    wanted._batch_id = known._batch_id and wanted._row_number = known._row_number
                )
            ),
            known as (
                select
                    found.*,
                    rejected._batch_id is null and duplicates._batch_id is null as is_accepted
                from found
                inner join ops.load_batches as batches
                    on found._batch_id = batches.batch_id and batches.status = 'validated'
                left join {reject} as rejected
                    on found._batch_id = rejected._batch_id
                    and found._row_number = rejected._row_number
                    and rejected.status <> 'replayed'
                left join ops.duplicates
                    on duplicates.data_set = {name}
                    and found._batch_id = duplicates._batch_id
                    and found._row_number = duplicates._row_number
            ),
            contested_keys as (
                select keys_in_common._key_hash from {keys} as keys_in_common
                union
                select known._key_hash from known
            )
            select
                known._batch_id, known._row_number, known._key, known._content_hash,
                known.is_accepted, false as is_judged
            from known
            union all
            select
                judged._batch_id, judged._row_number, judged._key, judged._content_hash,
                false, true
            from {judged} as judged
            inner join contested_keys on judged._key_hash = contested_keys._key_hash
            """
        ).format(
            contested=contested,
            keys=keys,
            known=known.table_of(data_set),
            reject=sql.Identifier("reject", data_set.name),
            judged=rows,
            name=sql.Literal(data_set.name),
        )
    )
    cursor.execute("set local enable_seqscan = on")
    cursor.execute(sql.SQL("drop table {}").format(keys))
    cursor.execute(sql.SQL("analyze {}").format(contested))
    cursor.execute(sql.SQL(REPEATED).format(contested=contested, repeated=repeated))
    cursor.execute(sql.SQL("analyze {}").format(repeated))


def table_of(data_set: DataSet, name: str) -> sql.Identifier:
    """One of TABLES, before the data set is judged."""
    return sql.Identifier("judge", f"{data_set.name}__{name}")


def tables_of(data_set: DataSet) -> list[str]:
    """The names of these tables, in schema `judge`."""
    return [f"{data_set.name}__{name}" for name in ("common_keys", *TABLES)]


def _prefer_index(cursor: Cursor, data_set: DataSet) -> None:
    """Looks a day's keys up one by one; what was known before is not read through for them.

    The planner reckons with pages on a disk, and would read millions of rows until there are
    twenty times as many.
    """
    cursor.execute(
        "select set_config('enable_seqscan', case when known.reltuples > %s * judged.reltuples"
        " then 'off' else 'on' end, true) from pg_class as known cross join pg_class as judged"
        " where known.oid = cast(%s as regclass) and judged.oid = cast(%s as regclass)",
        (MUCH, f'judge."known_{data_set.name}"', f'judge."{data_set.name}__read"'),
    )


def rank_keys(cursor: Cursor, table: sql.Identifier) -> None:
    """Makes the table of phase 3: `_key_rank` 1 wins its key among what passed so far."""
    cursor.execute(sql.SQL("drop table if exists {}").format(table))
    cursor.execute(
        sql.SQL(
            """
            create unlogged table {table} as
            with failing as (
                select failures._batch_id, failures._row_number from judge.failures as failures
                union
                select repeated._batch_id, repeated._row_number from judge.repeated as repeated
            ),

            passing as (
                select contested.*
                from judge.contested as contested
                left join failing
                    on contested._batch_id = failing._batch_id
                    and contested._row_number = failing._row_number
                where
                    contested.is_accepted
                    or (contested.is_judged and failing._batch_id is null)
            ),

            ranked as (
                select
                    passing._batch_id,
                    passing._row_number,
                    passing._key,
                    passing.is_judged,
                    row_number() over by_delivery as _key_rank,
                    first_value(passing._batch_id) over by_delivery as _first_batch
                from passing
                window by_delivery as (
                    partition by passing._key
                    order by passing.is_accepted desc, passing._batch_id, passing._row_number
                )
            )
            select
                ranked._batch_id,
                ranked._row_number,
                ranked._key,
                ranked._key_rank,
                ranked._first_batch,
                batches.source_file as _first_file
            from ranked
            inner join ops.load_batches as batches on ranked._first_batch = batches.batch_id
            where ranked.is_judged
            """
        ).format(table=table)
    )
