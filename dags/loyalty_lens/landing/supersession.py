"""A batch takes the place of another: what it may remove, and what has to be judged again."""

from dataclasses import dataclass
from decimal import Decimal

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.landing.repairs import has_same_content, keep_decisions, repairs_of
from loyalty_lens.quality import known, returns
from loyalty_lens.splits import Split

HEADERS = "store_sales_header"
# Who refers to a transaction by its id: batches of these are judged again when its header goes.
REFERENCES = (
    ("store_sales_line_items", "_entity_hash"),
    ("points_events", "_transaction_hash"),
    (HEADERS, "_original_hash"),
)


@dataclass(frozen=True)
class Removal:
    """How many keys the old batch has, and how many of them the new one lacks."""

    keys: int
    missing: int

    def exceeds(self, limit: Decimal) -> bool:
        return self.missing > limit * self.keys


def removal(cursor: Cursor, data_set: DataSet, old: int, new: int) -> Removal:
    """Compares the keys of two batches as the gate reads them; rows without a key do not count."""
    types = {column.name: column.type for column in data_set.columns}
    keys = sql.SQL(", ").join(
        sql.SQL("{} as {}").format(_read(name, types[name]), sql.Identifier(f"key_{name}"))
        for name in data_set.key
    )
    present = sql.SQL(" and ").join(
        sql.SQL("{} is not null").format(sql.Identifier(f"key_{name}")) for name in data_set.key
    )
    statement = sql.SQL(
        """
        with delivered as (
            select rows._batch_id, {keys}
            from raw.{table} as rows
            inner join ops.load_batches as batches on rows._batch_id = batches.batch_id
            where rows._batch_id in (%(old)s, %(new)s)
        ),
        old_keys as (
            select distinct {names} from delivered where _batch_id = %(old)s and {present}
        ),
        missing_keys as (
            select {names} from old_keys
            except
            select {names} from delivered where _batch_id = %(new)s
        )
        select (select count(*) from old_keys), (select count(*) from missing_keys)
        """
    ).format(
        keys=keys,
        present=present,
        names=sql.SQL(", ").join(sql.Identifier(f"key_{name}") for name in data_set.key),
        table=sql.Identifier(data_set.name),
    )
    cursor.execute(statement, {"old": old, "new": new})
    counts = cursor.fetchone() or (0, 0)
    return Removal(keys=int(counts[0]), missing=int(counts[1]))


def supersede(cursor: Cursor, data_set: DataSet, old: int, new: int) -> None:
    """Closes batch `old` in favour of `new` and opens whatever depended on it.

    Rows that a steward repaired in `old` go with it: the new file says it all. If it says the same
    (the file is only read again), what stewards decided about its rows stands. Of a flat file the
    batches that were made from it go with it.
    """
    data_sets = load_data_sets()
    for name, made, successor in made_from(cursor, old, new):
        supersede(cursor, data_sets[name], made, successor)
    if not isinstance(data_set, Split) and has_same_content(cursor, old, new):
        keep_decisions(cursor, data_set, old, new)
    for repairs in repairs_of(cursor, old):
        supersede(cursor, data_set, repairs, new)
    close(cursor, data_set, old, "superseded", new)


def close(cursor: Cursor, data_set: DataSet, old: int, status: str, new: int | None = None) -> None:
    """Takes a batch out, and opens whatever depended on its rows."""
    cursor.execute(
        "update ops.load_batches set status = %s, superseded_by = %s where batch_id = %s",
        (status, new, old),
    )
    if isinstance(data_set, Split):  # its rows count in the batches that were made from it
        return
    cursor.execute(
        sql.SQL(
            "update reject.{} set status = 'superseded', resolved_at = clock_timestamp()"
            " where _batch_id = %s and status = 'open'"
        ).format(sql.Identifier(data_set.name)),
        (old,),
    )
    cursor.execute(
        "delete from ops.duplicates where data_set = %s and _batch_id = %s", (data_set.name, old)
    )
    cursor.execute(
        "update ops.load_batches set status = 'loaded' where status = 'validated'"
        " and data_set = %(data_set)s and batch_id in (select _batch_id from ops.duplicates"
        " where data_set = %(data_set)s and original_batch_id = %(old)s)",
        {"data_set": data_set.name, "old": old},
    )
    returns.review(cursor, data_set, old)
    if data_set.name == HEADERS:
        data_sets = load_data_sets()
        for table, column in REFERENCES:
            known.bring_up_to_date(cursor, data_sets[table])
            _judge_references_again(cursor, data_sets[table], column, old)


def judge_again(cursor: Cursor, batch_id: int) -> None:
    """The gate takes this batch from scratch in its next run."""
    cursor.execute(
        "update ops.load_batches set status = 'loaded' where %s in (batch_id, derived_from)"
        " and status = 'validated'",
        (batch_id,),
    )


def made_from(cursor: Cursor, old: int, new: int | None = None) -> list[tuple[str, int, int]]:
    """Data set, batch made from flat batch `old`, and the one made from `new` in its place."""
    cursor.execute(
        "select old.data_set, old.batch_id, coalesce(new.batch_id, %(new)s)"
        " from ops.load_batches as old left join ops.load_batches as new"
        " on old.data_set = new.data_set and new.derived_from = %(new)s"
        " where old.derived_from = %(old)s and old.status in ('loaded', 'validated', 'held')"
        " order by old.batch_id",
        {"old": old, "new": new},
    )
    return cursor.fetchall()


def _judge_references_again(cursor: Cursor, data_set: DataSet, column: str, old: int) -> None:
    """Looks the references up in what the gate remembers of the rows it judged."""
    cursor.execute(
        sql.SQL(
            """
            with gone as materialized (
                select distinct hashtextextended(ops.read_id(transaction_id), 0) as hash
                from raw.{headers}
                where _batch_id = %s
            )
            update ops.load_batches set status = 'loaded'
            where
                status = 'validated'
                and data_set = {name}
                and batch_id in (
                    select known._batch_id
                    from {known} as known
                    where known.{column} in (select gone.hash from gone)
                )
            """
        ).format(
            headers=sql.Identifier(HEADERS),
            known=known.table_of(data_set),
            name=sql.Literal(data_set.name),
            column=sql.Identifier(column),
        ),
        (old,),
    )


def _read(name: str, type_name: str) -> sql.Composable:
    """A key column of raw as the gate reads it."""
    column = sql.SQL("rows.{}").format(sql.Identifier(name))
    templates = {
        "id": "ops.read_id({})",
        "date": "ops.read_date({}, batches.date_order)",
        "timestamp": "ops.read_timestamp({}, batches.date_order)",
        "number": "ops.read_number({}, batches.decimal_mark)",
        "integer": "ops.read_integer({}, batches.decimal_mark)",
    }
    return sql.SQL(templates.get(type_name, "ops.read_text({})")).format(column)
