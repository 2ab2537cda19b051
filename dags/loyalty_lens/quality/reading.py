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
HOW_TO_READ = sql.SQL("batches.decimal_mark as _decimal_mark, batches.date_order as _date_order")
# Other facts of a row's batch.
BATCH_COLUMNS = sql.SQL(
    "batches.file_date as _file_date, batches.business_date as _arrival_date,"
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
    """Rows of `<schema>.<data set>` as text, of the batches that fit, and how to read them.

    `batches` is a condition on `batches` (ops.load_batches) or `delivered._batch_id`.
    """
    return sql.SQL(
        "select delivered._batch_id, delivered._row_number, {facts}, {columns} {extra}"
        " from {table} as delivered inner join ops.load_batches as batches"
        " on delivered._batch_id = batches.batch_id"
        " and batches.data_set = {name} and {batches} {where}"
    ).format(
        facts=HOW_TO_READ,
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
    `_instant_<column>` of a timestamp with an offset, `_key_hash` of the key's columns,
    `_entity_hash` (of the column of ENTITIES; `_key_hash` where that is empty or none) and
    `_content_hash` (equal for rows equal in every column after reading; only ever compared within
    one key). Columns of `keep` are passed on. What costs nothing to say again is left to `told`.
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
    key_hash = hash_of([_name(data_set_column(data_set, name)) for name in data_set.key])
    # "offset": without it the planner would read every text once for each column made of it. In
    # quotes: the planner takes a plain 0 for a limit that it does not know yet, and would have one
    # process work out the hashes of all rows.
    return sql.SQL(
        "select _batch_id, _row_number, {columns}, {unreadable} {key_hash} as _key_hash,"
        " {entity_hash} as _entity_hash, {content_hash} as _content_hash {kept}"
        " from (select delivered._batch_id, delivered._row_number, {read} {kept}"
        " from ({rows}) as delivered offset '0') as texts_read"
    ).format(
        columns=_list(
            [_name(column) for column in data_set.columns]
            + [_named("_instant_", column) for column in moments]
        ),
        unreadable=sql.SQL("").join(
            sql.SQL("{} as {}, ").format(_unreadable(column), _named("_unreadable_", column))
            for column in unfit
        ),
        key_hash=key_hash,
        entity_hash=sql.SQL("coalesce(hashtextextended({}, 0), {})").format(
            sql.Identifier(ENTITIES[data_set.name]), key_hash
        )
        if data_set.name in ENTITIES
        else key_hash,
        content_hash=_content_hash(data_set),
        read=_list(read),
        rows=rows,
        kept=sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(name)) for name in keep),
    )


def told(data_set: DataSet, rows: sql.Composable) -> sql.Composable:
    """The rows of `typed` with what is told of them without reading anything again.

    `_given_<column>` (whether any text is there), `_key` (the key's columns as one text) and facts
    of the batch: `_file_date`, `_arrival_date`, `_load_date`, `_is_discount_in_percent`.
    """
    given = [
        sql.SQL("rows_read.{} is not null or rows_read.{} is not null as {}").format(
            _name(column), _named("_unreadable_", column), _named("_given_", column)
        )
        for column in data_set.columns
        if column.type in READERS
    ]
    return sql.SQL(
        "select rows_read.*, {facts}, {given} {key} as _key from {rows} as rows_read"
        " left join ops.load_batches as batches on rows_read._batch_id = batches.batch_id"
    ).format(
        facts=BATCH_COLUMNS,
        given=sql.SQL("").join(sql.SQL("{}, ").format(column) for column in given),
        key=key_of([_of("rows_read", name) for name in data_set.key]),
        rows=rows,
    )


def _unreadable(column: Column) -> sql.Composable:
    """What could be read is text that is there: only what could not is looked at again."""
    return sql.SQL("case when {} is null then ops.read_text({}) end").format(
        _name(column), _raw(column)
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
    return sql.SQL(" || chr(31) || ").join(_text_of(part) for part in parts)


def hash_of(parts: Sequence[sql.Composable]) -> sql.Composable:
    """64 bits of the key's columns, each hashed upon the hash of those before it."""
    hashed: sql.Composable = sql.Literal(0)
    for part in parts:
        hashed = sql.SQL("hashtextextended({}, {})").format(_text_of(part), hashed)
    return hashed


def data_set_column(data_set: DataSet, name: str) -> Column:
    """The column of that name."""
    return next(column for column in data_set.columns if column.name == name)


def _content_hash(data_set: DataSet) -> sql.Composable:
    """64 bits of all columns, or of the text where that does not fit; one upon the other.

    Texts hash quicker one by one than together as a record. What does not fit is told from what
    does by a mark; the hash of a number leaves its sign out, so that is mixed in.
    """
    hashed: sql.Composable = sql.Literal(0)
    for column in data_set.columns:
        name = _name(column)
        if column.type == "number":
            hashed = sql.SQL(
                "hash_numeric_extended(coalesce({name}, cast(hashtextextended({text}, 0) as"
                " numeric), 0), {hashed} # case when {name} >= 0 then 0 when {name} < 0 then 1"
                " when {text} is null then 2 else 3 end)"
            ).format(name=name, text=_unreadable(column), hashed=hashed)
            continue
        texts = [sql.SQL("cast({} as text)").format(name)]
        if column.type == "timestamp":
            instant = _named("_instant_", column)
            texts = [
                sql.SQL("cast({} as text) || coalesce(chr(31) || {}, '')").format(name, instant)
            ]
        if column.type in READERS:
            texts.append(sql.SQL("chr(31) || {}").format(_unreadable(column)))
        hashed = sql.SQL("hashtextextended(coalesce({}, ''), {})").format(_list(texts), hashed)
    return hashed


def _text_of(part: sql.Composable) -> sql.Composable:
    return sql.SQL("coalesce(cast({} as text), '')").format(part)


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
