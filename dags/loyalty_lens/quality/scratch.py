"""The scratch tables of one data set under judgement, each built by one statement.

`judge.<data set>__read` holds the rows to judge, read; `judge.<data set>` the same with their
facts, exact duplicates taken out; `judge.<data set>__returns` the returns among those that passed
phase 1; `judge.<data set>__keys` the rows that share a key among those that passed phases 1 and 2.
The helper reads the last three. Session tables: `contested` (all rows, live and new, of keys that
occur more than once), `repeated` (exact duplicates and what they repeat) and `failures` (who failed
a rejecting rule).
"""

from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import known, look_ups, waiting
from loyalty_lens.quality.reading import of_batches, source, typed
from loyalty_lens.quality.statements import create, statement_in
from loyalty_lens.quality.suites import Suite

TABLES = {1: "{}", 2: "{}__returns", 3: "{}__keys"}
SESSION_TABLES = ("contested", "repeated", "failures")

# Left as it is, the planner would write all passing rows down before it looks at their returns.
PASSING = """
    with passing as not materialized (
        select judged.* from {judged} as judged
        where not exists (
            select from failures
            where
                failures._batch_id = judged._batch_id
                and failures._row_number = judged._row_number
        )
    )
"""


def table_of(data_set: DataSet, phase: int) -> str:
    """The name of the phase's table in schema `judge`."""
    return TABLES[phase].format(data_set.name)


def has_work(cursor: Cursor, data_set: DataSet, final_rule_ids: list[str]) -> bool:
    """Whether the data set has a batch to judge, or open rejects that may pass now."""
    cursor.execute(
        sql.SQL(
            "select exists (select from ops.load_batches where data_set = %s and status = 'loaded')"
            " or exists (select from reject.{} as rejected inner join ops.load_batches as batches"
            " on rejected._batch_id = batches.batch_id and batches.status = 'validated'"
            " where rejected.status = 'open' and not rejected.rule_ids && %s)"
        ).format(sql.Identifier(data_set.name)),
        (data_set.name, final_rule_ids),
    )
    return bool(_scalar(cursor))


def read(cursor: Cursor, data_set: DataSet, suite: Suite) -> None:
    """Rows of `loaded` batches (waived and repaired ones aside) and rejects that may pass now.

    Not those of `waiting`: what they wait for is as it was.
    """
    cursor.execute(
        "select batch_id from ops.load_batches where data_set = %s and status = 'loaded'"
        " order by batch_id",
        (data_set.name,),
    )
    ids = [batch for (batch,) in cursor.fetchall()]
    still_waiting = (
        sql.SQL(
            " and not exists (select from {} as waiting where"
            " waiting._batch_id = delivered._batch_id"
            " and waiting._row_number = delivered._row_number)"
        ).format(waiting.table_of(data_set))
        if waiting.find(cursor, data_set, suite, ids)
        else sql.SQL("")
    )
    delivered = sql.SQL("{} union all {}").format(
        source(
            data_set,
            "raw",
            of_batches(ids),
            extra=", false as _is_replay",
            where=_without_closed(cursor, data_set, ids),
        ),
        source(
            data_set,
            "reject",
            sql.SQL("batches.status = 'validated'"),
            extra=", true as _is_replay",
            where=sql.SQL(
                "where delivered.status = 'open' and not delivered.rule_ids && {}::text[] {}"
            ).format(sql.Literal(suite.final_rule_ids), still_waiting),
        ),
    )
    table = rows_read(data_set)
    cursor.execute(sql.SQL("drop table if exists {}").format(table))
    cursor.execute(
        sql.SQL("create unlogged table {} as {}").format(
            table, typed(data_set, delivered, keep=["_is_replay"])
        )
    )
    # New tables have no statistics, and a wrong guess here costs minutes at a million rows.
    names = [*known.HASHES, *(column.name for column in data_set.columns if column.type == "id")]
    cursor.execute(
        sql.SQL("analyze {} ({})").format(table, sql.SQL(", ").join(map(sql.Identifier, names)))
    )


def _without_closed(cursor: Cursor, data_set: DataSet, batches: list[int]) -> sql.Composable:
    """Leaves out rows that a steward has decided on, where there are any in these batches."""
    closed = sql.SQL(
        "select from reject.{} as closed where closed.status in ('waived', 'superseded')"
    ).format(sql.Identifier(data_set.name))
    cursor.execute(
        sql.SQL("select exists ({} and closed._batch_id = any(%s))").format(closed), (batches,)
    )
    if not _scalar(cursor):
        return sql.SQL("")
    return sql.SQL(
        "where not exists ({} and closed._batch_id = delivered._batch_id"
        " and closed._row_number = delivered._row_number)"
    ).format(closed)


def rows_read(data_set: DataSet) -> sql.Identifier:
    """The table of the rows to judge, before anything was looked up."""
    return sql.Identifier("judge", f"{data_set.name}__read")


def build_judged(cursor: Cursor, data_set: DataSet, parameters: dict[str, Any]) -> None:
    """The table of phase 1, from the rows read and what is looked up for them."""
    head = sql.SQL("with delivered as not materialized (select * from {})").format(
        rows_read(data_set)
    )
    look_ups.make(cursor, data_set, head, parameters)
    create(
        cursor,
        sql.Identifier("judge", table_of(data_set, 1)),
        head,
        statement_in(data_set.name),
        parameters | look_ups.what_is_known(cursor, data_set),
    )
    cursor.execute(
        sql.SQL("analyze {} (_batch_id, _row_number, _entity_hash, _key_hash)").format(
            sql.Identifier("judge", data_set.name)
        )
    )


def find_duplicates(cursor: Cursor, data_set: DataSet) -> None:
    """Fills `contested` and `repeated`, and takes the exact duplicates of events out.

    A row repeats the earliest live row of its key with the same content, accepted or not; a row
    accepted already comes before all others. Versions are compared once all is judged
    (`versions.mark_repeated`), because their order depends on the date of arrival.
    """
    if data_set.delivery == "versions":
        cursor.execute(
            "create temporary table repeated (_batch_id bigint, _row_number bigint,"
            " original_batch_id bigint, original_row_number bigint) on commit preserve rows"
        )
        return
    judged = sql.Identifier("judge", data_set.name)
    cursor.execute(
        sql.SQL(
            """
            create temporary table contested on commit preserve rows as
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
                select judged._key_hash from {judged} as judged
                group by judged._key_hash having count(*) > 1
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
            known=known.table_of(data_set),
            reject=sql.Identifier("reject", data_set.name),
            judged=judged,
            name=sql.Literal(data_set.name),
        )
    )
    cursor.execute("analyze contested")
    cursor.execute(
        """
        create temporary table repeated on commit preserve rows as
        with compared as (
            select
                contested._batch_id,
                contested._row_number,
                contested.is_judged,
                first_value(contested._batch_id) over equal_rows as original_batch_id,
                first_value(contested._row_number) over equal_rows as original_row_number
            from contested
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
    )
    cursor.execute(
        sql.SQL(
            "delete from {} as judged using repeated where judged._batch_id = repeated._batch_id"
            " and judged._row_number = repeated._row_number"
        ).format(judged)
    )


def build_phase(cursor: Cursor, data_set: DataSet, phase: int, parameters: dict[str, Any]) -> bool:
    """Builds the table of a later phase; whether there is anything in it to judge."""
    if phase == 2:
        create(
            cursor,
            sql.Identifier("judge", table_of(data_set, 2)),
            sql.SQL(PASSING).format(judged=sql.Identifier("judge", data_set.name)),
            statement_in(f"{data_set.name}_returns"),
            parameters,
        )
    elif phase == 3:
        _build_keys(cursor, data_set)
    cursor.execute(
        sql.SQL("select exists (select from {})").format(
            sql.Identifier("judge", table_of(data_set, phase))
        )
    )
    return bool(_scalar(cursor))


def _build_keys(cursor: Cursor, data_set: DataSet) -> None:
    """The table of phase 3: `_key_rank` 1 wins its key."""
    table = sql.Identifier("judge", table_of(data_set, 3))
    cursor.execute(sql.SQL("drop table if exists {}").format(table))
    cursor.execute(
        sql.SQL(
            "create unlogged table {table} as"
            + PASSING
            + """,
            ranked as (
                select
                    contested._batch_id,
                    contested._row_number,
                    contested._key,
                    contested.is_judged,
                    row_number() over by_delivery as _key_rank,
                    first_value(contested._batch_id) over by_delivery as _first_batch
                from contested
                left join passing
                    on contested._batch_id = passing._batch_id
                    and contested._row_number = passing._row_number
                where contested.is_accepted or passing._batch_id is not null
                window by_delivery as (
                    partition by contested._key
                    order by contested.is_accepted desc, contested._batch_id, contested._row_number
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
        ).format(table=table, judged=sql.Identifier("judge", data_set.name))
    )


def clear(cursor: Cursor, data_set: DataSet) -> None:
    """Drops what the judgement of the data set left, from this run or one that was cut short."""
    names = [sql.Identifier("judge", table_of(data_set, phase)) for phase in TABLES]
    for name in [*names, rows_read(data_set), waiting.table_of(data_set)]:
        cursor.execute(sql.SQL("drop table if exists {}").format(name))
    look_ups.clear(cursor, data_set)
    for table in SESSION_TABLES:
        cursor.execute(sql.SQL("drop table if exists pg_temp.{}").format(sql.Identifier(table)))


def _scalar(cursor: Cursor) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None
