"""What a repaired file says of each row against what was delivered: two temporary tables."""

from collections.abc import Sequence
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import Column, DataSet, load_data_sets
from loyalty_lens.errors import StewardshipError

# The reader of each type, and what of the batch it asks for.
READERS = {
    "id": "ops.read_id({})",
    "number": "ops.read_number({}, {batch}.decimal_mark)",
    "integer": "ops.read_integer({}, {batch}.decimal_mark)",
    "date": "ops.read_date({}, {batch}.date_order)",
    "timestamp": "ops.read_timestamp({}, {batch}.date_order)",
    "boolean": "ops.read_boolean({})",
    "phone": "ops.read_phone({})",
    "weekdays": "ops.read_weekdays({})",
}


def build_referenced(cursor: Cursor, path: Path) -> DataSet:
    """`referenced`: the records of `repairs` with the reject that each names; their data set.

    Raises StewardshipError with file and line: no reference, an unknown batch or row, rows of
    several data sets, a row named twice.
    """
    _refuse_first(
        cursor,
        path,
        "select line_number, '_batch_id and _row_number say which reject this is;"
        " leave them as they were exported' from repairs"
        " where not coalesce(ops.read_id(batch) ~ '^[0-9]{1,18}$'"
        " and ops.read_id(row) ~ '^[0-9]{1,18}$', false)",
    )
    cursor.execute(
        """
        create temporary table referenced on commit drop as
        select
            repairs.line_number,
            cast(ops.read_id(repairs.batch) as bigint) as batch_id,
            cast(ops.read_id(repairs.row) as bigint) as row_number,
            repairs.cells,
            coalesce(batches.repairs_batch, batches.batch_id) as root,
            batches.data_set,
            batches.status as batch_status,
            batches.date_order,
            batches.decimal_mark
        from repairs
        left join ops.load_batches as batches
            on cast(ops.read_id(repairs.batch) as bigint) = batches.batch_id
        """
    )
    cursor.execute("select data_set from referenced order by line_number limit 1")
    found = cursor.fetchone()
    if found is None:
        raise StewardshipError(f"{path}: has no rows below its header")
    _refuse_first(
        cursor,
        path,
        "select line_number, format('there is no batch %s', batch_id) from referenced"
        " where data_set is null",
    )
    _refuse_first(
        cursor,
        path,
        "select line_number, format('batch %s is of %s, the first row of %s; one file for each"
        " data set', batch_id, data_set, first_value(data_set) over (order by line_number))"
        " from referenced where data_set <> (select data_set from referenced"
        " order by line_number limit 1)",
    )
    _refuse_first(
        cursor,
        path,
        "select line_number, format('row %s of batch %s is named twice', row_number, batch_id)"
        " from (select *, row_number() over (partition by batch_id, row_number"
        " order by line_number) as place from referenced) as placed where place > 1",
    )
    return load_data_sets()[found[0]]


def build_repaired(cursor: Cursor, data_set: DataSet, fields: Sequence[str]) -> None:
    """`repaired`: every row with its values as they shall be, and which columns were changed.

    A cell that reads as what was delivered keeps the delivered text. `is_taken`: changed and open;
    `is_known`: a steward's batch has the row just so already.
    """
    new = {
        column.name: sql.SQL("ops.from_spreadsheet(referenced.cells[{}])").format(
            sql.Literal(fields.index(column.name) + 1)
        )
        for column in data_set.columns
        if column.name in fields
    }
    kept = {
        column.name: sql.SQL("case when {} then {} else {} end").format(
            _is_same(column, new[column.name]),
            sql.Identifier("rejected", column.name),
            new[column.name],
        )
        if column.name in new
        else sql.Identifier("rejected", column.name)
        for column in data_set.columns
    }
    changed = sql.SQL(", ").join(
        sql.SQL("case when not {} then {} end").format(
            _is_same(column, new[column.name]), sql.Literal(column.name)
        )
        for column in data_set.columns
        if column.name in new
    )
    cursor.execute(
        sql.SQL(
            """
            create temporary table repaired on commit drop as
            select
                referenced.line_number, referenced.batch_id, referenced.row_number,
                referenced.root, referenced.batch_status, rejected.status as reject_status,
                rejected._extra, array_remove(array[{changed}]::text[], null) as changed,
                false as is_changed, false as is_taken, false as is_known, {kept}
            from referenced
            left join {reject} as rejected
                on referenced.batch_id = rejected._batch_id
                and referenced.row_number = rejected._row_number
            """
        ).format(
            changed=changed,
            kept=sql.SQL(", ").join(
                sql.SQL("{} as {}").format(value, sql.Identifier(name))
                for name, value in kept.items()
            ),
            reject=sql.Identifier("reject", data_set.name),
        )
    )
    cursor.execute(
        sql.SQL(
            """
            update repaired set
                is_changed = changed <> '{{}}',
                is_taken = changed <> '{{}}' and reject_status = 'open'
                    and batch_status in ('loaded', 'validated'),
                is_known = exists (
                    select from {raw} as again
                    inner join ops.load_batches as batches
                        on again._batch_id = batches.batch_id
                        and batches.status in ('loaded', 'validated')
                    where
                        batches.repairs_batch = repaired.root
                        and again._row_number = repaired.row_number
                        and row({again}) is not distinct from row({columns})
                )
            """
        ).format(
            raw=sql.Identifier("raw", data_set.name),
            again=_listed("again", data_set),
            columns=_listed("repaired", data_set),
        )
    )


def refuse_unknown(cursor: Cursor, path: Path) -> None:
    """Raises StewardshipError where a row is among no rejects."""
    _refuse_first(
        cursor,
        path,
        "select line_number, format('row %s of batch %s is not among the rejects', row_number,"
        " batch_id) from repaired where reject_status is null",
    )


def _is_same(column: Column, new: sql.Composable) -> sql.Composable:
    """Whether the cell reads as what was delivered; an empty one is an empty one."""
    old = sql.Identifier("rejected", column.name)
    same = sql.SQL("ops.read_text({}) is not distinct from ops.read_text({})").format(old, new)
    if column.type in READERS:
        reader = READERS[column.type].replace("{batch}", "referenced")
        same = sql.SQL("{} or coalesce({} = {}, false)").format(
            same, sql.SQL(reader).format(old), sql.SQL(reader).format(new)
        )
    if column.type == "timestamp":
        same = sql.SQL(
            "({}) and ops.read_instant({}, referenced.date_order)"
            " is not distinct from ops.read_instant({}, referenced.date_order)"
        ).format(same, old, new)
    return sql.SQL("({})").format(same)


def _listed(alias: str, data_set: DataSet) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in data_set.column_names)


def _refuse_first(cursor: Cursor, path: Path, query: str) -> None:
    """Raises StewardshipError for the first (line, reason) that the query finds."""
    cursor.execute(f"select * from ({query}) as found order by 1 limit 1")  # noqa: S608
    found = cursor.fetchone()
    if found:
        raise StewardshipError(f"{path}, line {found[0]}: {found[1]}")
