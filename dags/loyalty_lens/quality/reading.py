"""SQL that reads delivered text into types, generated from `datasets.yml`."""

from collections.abc import Sequence

from psycopg2 import sql

from loyalty_lens.datasets import Column, DataSet

# The types for which some texts are unfit, and what of the batch says how to read them.
READERS: dict[str, str | None] = {
    "number": "decimal_mark",
    "integer": "decimal_mark",
    "date": "date_order",
    "timestamp": "date_order",
    "boolean": None,
    "phone": None,
    "weekdays": None,
}
BATCH_COLUMNS = sql.SQL(
    "batches.decimal_mark as _decimal_mark, batches.date_order as _date_order,"
    " batches.file_date as _file_date, batches.business_date as _arrival_date,"
    " batches.is_discount_in_percent as _is_discount_in_percent,"
    " cast(batches.loaded_at at time zone 'UTC' as date) as _load_date"
)


# By what other rows, of any data set, look a row up; elsewhere it is the key.
ENTITIES = {
    "stores": "store_id",
    "products": "product_id",
    "customer_details": "customer_id",
    "promotion_details": "promotion_id",
    "store_sales_header": "transaction_id",
    "store_sales_line_items": "transaction_id",
}


def source(
    data_set: DataSet,
    schema: str,
    batches: sql.Composable,
    *,
    extra: str = "",
    where: sql.Composable | None = None,
) -> sql.Composable:
    """Rows of `<schema>.<data set>` as text, of the batches that fit, with facts of their batch.

    `batches` is a condition on `batches` (ops.load_batches) or `delivered._batch_id`.
    """
    return sql.SQL(
        "select delivered._batch_id, delivered._row_number, {facts}, {columns} {extra}"
        " from {table} as delivered inner join ops.load_batches as batches"
        " on delivered._batch_id = batches.batch_id"
        " and batches.data_set = {name} and {batches} {where}"
    ).format(
        facts=BATCH_COLUMNS,
        columns=sql.SQL(", ").join(_of("delivered", column.name) for column in data_set.columns),
        extra=sql.SQL(extra),
        table=sql.Identifier(schema, data_set.name),
        name=sql.Literal(data_set.name),
        batches=batches,
        where=where or sql.SQL(""),
    )


def of_batches(batches: Sequence[int]) -> sql.Composable:
    """The condition for `source`, as literals: the planner then reads no more than their rows."""
    if not batches:
        return sql.SQL("false")
    return sql.SQL("delivered._batch_id = any({}::bigint[])").format(sql.Literal(list(batches)))


def typed(data_set: DataSet, rows: sql.Composable, *, keep: Sequence[str] = ()) -> sql.Composable:
    """The rows of `source` with every contract column under its own name, in its type.

    Beside it: `_unreadable_<column>` (the text, where it is there but does not fit),
    `_given_<column>` (whether it is there), `_instant_<column>` of a timestamp with an offset,
    `_key` (the key's columns as one text), `_key_hash` of it, `_entity_hash` (of the column of
    ENTITIES; of the key where that is empty or none) and `_content_hash` (equal for rows equal in
    every column after reading; only ever compared within one key). Columns of `keep` are passed on.
    """
    unfit = [column for column in data_set.columns if column.type in READERS]
    moments = [column for column in data_set.columns if column.type == "timestamp"]
    read = [
        sql.SQL("{} as {}").format(read_column(column), _name(column))
        for column in data_set.columns
    ]
    read += [
        sql.SQL("{} as {}").format(_of("delivered", column.name), _raw(column)) for column in unfit
    ]
    read += [
        sql.SQL("ops.read_instant({}, delivered._date_order) as {}").format(
            _of("delivered", column.name), _named("_instant_", column)
        )
        for column in moments
    ]
    # What could be read is text that is there: only what could not is looked at again.
    unreadable = {
        column.name: sql.SQL("case when {} is null then ops.read_text({}) end").format(
            _name(column), _raw(column)
        )
        for column in unfit
    }
    content = [_content(column) for column in data_set.columns]
    content += [_named("_instant_", column) for column in moments] + list(unreadable.values())
    key = key_of([_name(data_set_column(data_set, name)) for name in data_set.key])
    # "offset": without it the planner would read every text once for each column made of it. In
    # quotes: the planner takes a plain 0 for a limit that it does not know yet, and would have one
    # process work out the hashes of all rows.
    return sql.SQL(
        "select _batch_id, _row_number, _file_date, _arrival_date, _load_date,"
        " _is_discount_in_percent, {columns}, {unreadable} {key} as _key,"
        " hashtextextended({key}, 0) as _key_hash,"
        " hashtextextended({entity}, 0) as _entity_hash,"
        " hash_record_extended(row({content}), 0) as _content_hash {kept}"
        " from (select delivered._batch_id, delivered._row_number, delivered._file_date,"
        " delivered._arrival_date, delivered._load_date, delivered._is_discount_in_percent, {read}"
        " {kept} from ({rows}) as delivered offset '0') as texts_read"
    ).format(
        columns=_list(
            [_name(column) for column in data_set.columns]
            + [_named("_instant_", column) for column in moments]
        ),
        unreadable=sql.SQL("").join(
            sql.SQL("{} as {}, {} is not null or {} is not null as {}, ").format(
                expression,
                sql.Identifier(f"_unreadable_{name}"),
                sql.Identifier(name),
                expression,
                sql.Identifier(f"_given_{name}"),
            )
            for name, expression in unreadable.items()
        ),
        key=key,
        entity=sql.SQL("coalesce({}, {})").format(sql.Identifier(ENTITIES[data_set.name]), key)
        if data_set.name in ENTITIES
        else key,
        content=_list(content),
        read=_list(read),
        rows=rows,
        kept=sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(name)) for name in keep),
    )


def read_column(column: Column) -> sql.Composable:
    """The column of `delivered`, read into its type."""
    fact = READERS.get(column.type)
    return sql.SQL("ops.{}({}{})").format(
        sql.Identifier(f"read_{column.type}"),
        _of("delivered", column.name),
        sql.SQL(f", delivered._{fact}" if fact else ""),
    )


def key_of(parts: Sequence[sql.Composable]) -> sql.Composable:
    """The key's columns as one text; an empty part is an empty text."""
    texts = [sql.SQL("coalesce(cast({} as text), '')").format(part) for part in parts]
    return texts[0] if len(texts) == 1 else sql.SQL("concat_ws(chr(31), {})").format(_list(texts))


def data_set_column(data_set: DataSet, name: str) -> Column:
    """The column of that name."""
    return next(column for column in data_set.columns if column.name == name)


def _content(column: Column) -> sql.Composable:
    """What is hashed of a column: PostgreSQL's hash of a numeric leaves the sign out."""
    number = sql.SQL("cast(trim_scale({}) as text)").format(_name(column))
    return number if column.type == "number" else _name(column)


def _list(parts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(parts)


def _of(alias: str, name: str) -> sql.Composable:
    return sql.Identifier(alias, name)


def _name(column: Column) -> sql.Composable:
    return sql.Identifier(column.name)


def _raw(column: Column) -> sql.Composable:
    return sql.Identifier(f"_raw_{column.name}")


def _named(prefix: str, column: Column) -> sql.Composable:
    return sql.Identifier(prefix + column.name)
