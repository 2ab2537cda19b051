"""The scratch tables of one data set under judgement, each built by one statement.

`judge.<data set>__read` holds the rows to judge, read; the view `judge.<data set>__rows` adds what
is told of them; `judge.<data set>` has their facts, without exact duplicates (`duplicates`);
`judge.<data set>__returns` the returns among those that passed phase 1; `judge.<data set>__keys`
the rows that share a key among those that passed phases 1 and 2. The helper reads the last three.
`judge.failures`: who failed a rejecting rule.

`judge.<data set>` is a view where each rule of phase 1 judges a row by itself: Great Expectations
then says of `judge.<data set>__shape`, which has no rows, what fails, and one query of the view
finds the rows. Writing all facts of all rows down costs more than everything else.
"""

from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import duplicates, known, look_ups, returns, waiting, waiting_returns
from loyalty_lens.quality.reading import of_batches, source, told, typed
from loyalty_lens.quality.statements import create, drop, filled, statement_in
from loyalty_lens.quality.suites import Suite

TABLES = {1: "{}", 2: "{}__returns", 3: "{}__keys"}
SHARED_TABLES = ("contested", "repeated", "failures")

# Left as it is, the planner would write all passing rows down before it looks at their returns.
PASSING = """
    with passing as not materialized (
        select judged.* from {judged} as judged
        where not exists (
            select from judge.failures as failures
            where
                failures._batch_id = judged._batch_id
                and failures._row_number = judged._row_number
        )
    )
"""

NOT_REPEATED = """
    with delivered as not materialized (
        select delivered.* from {} as delivered
        where not exists (
            select from judge.repeated as repeated
            where
                repeated._batch_id = delivered._batch_id
                and repeated._row_number = delivered._row_number
        )
    )
"""

# What phase 2 needs of the sales lines: those of returns, and of the sales that they may take back.
# To be asked of the rows before anything is joined to them.
OF_RETURNS = """(
    select rows_read.* from {} as rows_read
    where rows_read._entity_hash in (
        select returned._entity_hash from judge.found_returned as returned
        union all
        select headers._entity_hash from judge.found_return_headers as headers
    )
)"""


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
    return bool(_scalar(cursor)) or returns.are_to_review(cursor, data_set)


def loaded_batches(cursor: Cursor, data_set: DataSet) -> list[int]:
    """The batches in status `loaded`."""
    cursor.execute(
        "select batch_id from ops.load_batches where data_set = %s and status = 'loaded'"
        " order by batch_id",
        (data_set.name,),
    )
    return [batch for (batch,) in cursor.fetchall()]


def prepare(cursor: Cursor, data_set: DataSet, suite: Suite, time_zone: str) -> bool:
    """All that is made of the rows to judge alone; false where there are none.

    `use_prepared` says that they are judged now.
    """
    if not read(cursor, data_set, suite, time_zone):
        return False
    duplicates.find(cursor, data_set, rows_read(data_set))
    look_ups.make_of_rows(cursor, data_set, _delivered(data_set))
    return True


def use_prepared(cursor: Cursor, data_set: DataSet) -> None:
    """Tables that each judgement has under one name are those of the data set from now on."""
    _clear_judged(cursor, data_set)
    for name in duplicates.TABLES:
        cursor.execute(
            sql.SQL("alter table if exists {} rename to {}").format(
                duplicates.table_of(data_set, name), sql.Identifier(name)
            )
        )


def read(cursor: Cursor, data_set: DataSet, suite: Suite, time_zone: str) -> bool:
    """Rows of `loaded` batches (waived and repaired ones aside) and rejects that may pass now.

    Not those of `waiting` and `waiting_returns`: what they wait for is as it was. False where that
    leaves nothing.
    """
    ids = loaded_batches(cursor, data_set)
    tables = []
    if _has_open_rejects(cursor, data_set):
        if waiting.find(cursor, data_set, suite, ids):
            tables.append(waiting.table_of(data_set))
        if waiting_returns.find(cursor, data_set, suite, ids, time_zone):
            tables.append(waiting_returns.table_of(data_set))
    still_waiting = sql.SQL("").join(
        sql.SQL(
            " and not exists (select from {} as waiting where"
            " waiting._batch_id = delivered._batch_id"
            " and waiting._row_number = delivered._row_number)"
        ).format(table)
        for table in tables
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
    table = sql.Identifier("judge", f"{data_set.name}__read")
    cursor.execute(
        sql.SQL("create unlogged table {} as {}").format(
            table, typed(data_set, delivered, keep=["_is_replay"])
        )
    )
    if not ids and not cursor.rowcount and not returns.are_to_review(cursor, data_set):
        return False
    cursor.execute(
        sql.SQL("create view {} as {}").format(rows_read(data_set), told(data_set, table))
    )
    # New tables have no statistics, and a wrong guess here costs minutes at a million rows.
    names = [*known.HASHES, *(column.name for column in data_set.columns if column.type == "id")]
    cursor.execute(
        sql.SQL("analyze {} ({})").format(table, sql.SQL(", ").join(map(sql.Identifier, names)))
    )
    return True


def _has_open_rejects(cursor: Cursor, data_set: DataSet) -> bool:
    cursor.execute(
        sql.SQL("select exists (select from reject.{} where status = 'open')").format(
            sql.Identifier(data_set.name)
        )
    )
    return bool(_scalar(cursor))


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
    """The view of the rows to judge, before anything was looked up."""
    return sql.Identifier("judge", f"{data_set.name}__rows")


def build_judged(
    cursor: Cursor, data_set: DataSet, parameters: dict[str, Any], *, row_by_row: bool
) -> None:
    """What phase 1 judges: the rows read and what is looked up for them; a view if `row_by_row`."""
    look_ups.make(cursor, data_set, _delivered(data_set), parameters)
    judged = sql.Identifier("judge", table_of(data_set, 1))
    create(
        cursor,
        judged,
        sql.SQL(NOT_REPEATED).format(rows_read(data_set)),
        statement_in(data_set.name),
        parameters | look_ups.what_is_known(cursor, data_set),
        kind="view" if row_by_row else "unlogged table",
    )
    if row_by_row:
        cursor.execute(
            sql.SQL("create unlogged table {} as select * from {} with no data").format(
                sql.Identifier("judge", shape_of(data_set)), judged
            )
        )
        return
    cursor.execute(
        sql.SQL("analyze {} (_batch_id, _row_number, _entity_hash, _key_hash)").format(judged)
    )


def _delivered(data_set: DataSet) -> sql.Composable:
    return sql.SQL("with delivered as not materialized (select * from {})").format(
        rows_read(data_set)
    )


def shape_of(data_set: DataSet) -> str:
    """The name of a table with the columns of what phase 1 judges, and no rows."""
    return f"{data_set.name}__shape"


def build_phase(cursor: Cursor, data_set: DataSet, phase: int, parameters: dict[str, Any]) -> bool:
    """Builds the table of a later phase; whether there is anything in it to judge."""
    if phase == 2:
        look_ups.make_of_returns(cursor, data_set, parameters)
        judged: sql.Composable = sql.Identifier("judge", data_set.name)
        if data_set.name == "store_sales_line_items":
            rows = sql.SQL(OF_RETURNS).format(rows_read(data_set))
            judged = _judged(cursor, data_set, rows, parameters)
        create(
            cursor,
            sql.Identifier("judge", table_of(data_set, 2)),
            sql.SQL(PASSING).format(judged=judged),
            statement_in(f"{data_set.name}_returns"),
            parameters,
        )
    elif phase == 3:
        duplicates.rank_keys(cursor, sql.Identifier("judge", table_of(data_set, 3)))
    cursor.execute(
        sql.SQL("select exists (select from {})").format(
            sql.Identifier("judge", table_of(data_set, phase))
        )
    )
    return bool(_scalar(cursor))


def _judged(
    cursor: Cursor, data_set: DataSet, rows: sql.Composable, parameters: dict[str, Any]
) -> sql.Composable:
    """The facts of some of the rows, as they are in the table of phase 1."""
    known_data_sets = look_ups.what_is_known(cursor, data_set)
    return sql.SQL("({} select facts.* from ({}) as facts)").format(
        sql.SQL(NOT_REPEATED).format(rows),
        filled(cursor, statement_in(data_set.name), parameters | known_data_sets),
    )


def clear(cursor: Cursor, data_set: DataSet) -> None:
    """Drops what the judgement of the data set left, from this run or one that was cut short."""
    _clear_judged(cursor, data_set)
    clear_prepared(cursor, data_set)


def clear_prepared(cursor: Cursor, data_set: DataSet) -> None:
    """Drops what `prepare` made."""
    names = [f"{data_set.name}__{what}" for what in ("read", "rows", "waiting", "unmatched")]
    names += [*duplicates.tables_of(data_set), *look_ups.tables_of_rows(data_set)]
    drop(cursor, names)


def _clear_judged(cursor: Cursor, data_set: DataSet) -> None:
    names = [table_of(data_set, phase) for phase in TABLES]
    names += [shape_of(data_set), *look_ups.tables_of(data_set), *SHARED_TABLES]
    drop(cursor, names)


def _scalar(cursor: Cursor) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None
