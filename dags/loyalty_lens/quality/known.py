"""What the gate remembers of every judged row: typed, narrow, indexed by 64-bit hashes.

`judge.known_<data set>` has one row for each row of raw in a batch that was judged: where it is,
the hashes of `reading.typed`, and the columns that look-ups need. It says nothing of acceptance;
that stays derived, and the view `judge.live_<data set>` derives it for the rows looked up.
Written in the transaction that makes a batch `validated`, and never changed but for `_version_at`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality.reading import of_batches, source, told, typed

HASHES = ("_batch_id", "_row_number", "_entity_hash", "_key_hash", "_content_hash")
# Rows of batches that were judged, also those to be judged again: what they say does not change.
# A new batch with rejects has rows that a steward decided on before, which are not judged.
JUDGED = sql.SQL(
    "(batches.status in ('validated', 'held') or batches.status = 'loaded' and exists"
    " (select from {reject} as rejected where rejected._batch_id = batches.batch_id))"
)
UNDATED = "infinity"


@dataclass(frozen=True)
class Known:
    """Columns beside HASHES (name: type, expression over `reading.told`) and further indexes."""

    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    indexes: tuple[str, ...] = ()
    of_view: dict[str, str] = field(default_factory=dict)  # further columns of the view


def _same(**types: str) -> dict[str, tuple[str, str]]:
    return {name: (type_name, name) for name, type_name in types.items()}


KNOWN = {
    "stores": Known(_same(store_id="text", time_zone="text")),
    "products": Known(_same(product_id="text", unit_price="numeric")),
    "promotion_details": Known(
        {
            "promotion_id": ("text", "promotion_id"),
            "_discount": (
                "numeric",
                "discount_percentage / case when _is_discount_in_percent then 100 else 1 end",
            ),
        }
    ),
    "customer_details": Known(
        _same(customer_id="text", customer_phone="text"),
        indexes=("(customer_phone) where customer_phone is not null",),
    ),
    "customer_merges": Known(_same(customer_id="text", merged_into="text")),
    "store_sales_header": Known(
        {
            **_same(
                transaction_id="text",
                customer_id="text",
                customer_phone="text",
                store_id="text",
                total_amount="numeric",
                transaction_date="timestamp",
                _instant_transaction_date="timestamptz",
                original_transaction_id="text",
            ),
            "_is_return": (
                "boolean",
                "coalesce(upper(transaction_type) = 'RETURN', false)"
                " or original_transaction_id is not null",
            ),
            "_original_hash": ("bigint", "hashtextextended(original_transaction_id, 0)"),
        },
        indexes=(
            "(_original_hash) where _original_hash is not null",
            "(customer_id) where customer_id is not null",
            "(customer_phone) where customer_id is null and customer_phone is not null",
            "(store_id) where customer_id is null",
            "(_entity_hash) where _is_return and original_transaction_id is null",
        ),
        # Rejected for no other reason than that none of its lines finds a sale to take back.
        of_view={
            "_is_unmatched": "coalesce(rejected.status = 'open'"
            " and rejected.rule_ids = array['return_without_sale']"
            " and known._is_return and known.original_transaction_id is null, false)"
        },
    ),
    "store_sales_line_items": Known(_same(product_id="text", quantity="numeric")),
    "points_events": Known(
        {"_transaction_hash": ("bigint", "hashtextextended(transaction_id, 0)")},
        indexes=("(_transaction_hash) where _transaction_hash is not null",),
    ),
}


def bring_up_to_date(cursor: Cursor, data_set: DataSet) -> None:
    """Makes the table where it is missing or was made for another reading, adds judged batches.

    All comes from raw; there is nothing to do, at the cost of two small queries, but after an
    upgrade and a change of datasets.yml. The caller's transaction makes it one.
    """
    reading = _digest(cursor, data_set)
    cursor.execute(
        "select exists (select from judge.known_tables where data_set = %s and reading = %s)",
        (data_set.name, reading),
    )
    if cursor.fetchone() == (False,):
        _make(cursor, data_set, reading)
    cursor.execute(
        sql.SQL(
            "select coalesce(array_agg(batches.batch_id), '{{}}') from ops.load_batches as batches"
            " where batches.data_set = {name} and {judged} and not exists"
            " (select from judge.known_batches where known_batches.batch_id = batches.batch_id)"
        ).format(
            name=sql.Literal(data_set.name),
            judged=JUDGED.format(reject=sql.Identifier("reject", data_set.name)),
        )
    )
    (missing,) = cursor.fetchone() or ([],)
    if missing:
        cursor.execute(_insert(data_set, _rows(data_set, of_batches(missing))))
        cursor.execute("insert into judge.known_batches select unnest(%s::bigint[])", (missing,))
        cursor.execute(sql.SQL("analyze {}").format(table_of(data_set)))


def _digest(cursor: Cursor, data_set: DataSet) -> str:
    """Of all that decides what the table says: its columns, and how raw is read into them."""
    rows = _rows(data_set, sql.SQL("true"))
    made = sql.SQL("; ").join([_create(data_set), _view(data_set), _insert(data_set, rows)])
    cursor.execute(
        "select coalesce(string_agg(prosrc, '; ' order by cast(oid as regprocedure)::text), '')"
        " from pg_proc where pronamespace = cast('ops' as regnamespace)"
        " and proname ~ '^(read|iso|whole)'"
    )
    (readers,) = cursor.fetchone() or ("",)
    return hashlib.sha256((made.as_string(cursor) + readers).encode()).hexdigest()


def _rows(data_set: DataSet, batches: sql.Composable) -> sql.Composable:
    rows = typed(data_set, source(data_set, "raw", batches))
    return told(data_set, sql.SQL("({})").format(rows))


def _make(cursor: Cursor, data_set: DataSet, reading: str) -> None:
    cursor.execute(sql.SQL("drop table if exists {} cascade").format(table_of(data_set)))
    cursor.execute(_create(data_set))
    cursor.execute(_view(data_set))
    _build_indexes(cursor, data_set)
    cursor.execute(
        "delete from judge.known_batches using ops.load_batches as batches"
        " where known_batches.batch_id = batches.batch_id and batches.data_set = %(name)s;"
        " insert into judge.known_tables values (%(name)s, %(reading)s)"
        " on conflict (data_set) do update set reading = excluded.reading",
        {"name": data_set.name, "reading": reading},
    )


def table_of(data_set: DataSet) -> sql.Identifier:
    """`judge.known_<data set>`."""
    return sql.Identifier("judge", f"known_{data_set.name}")


def remember(cursor: Cursor, data_set: DataSet, rows: sql.Composable, batches: list[int]) -> None:
    """Adds the rows of these batches (of `reading.told`, with `_is_replay`), once each."""
    cursor.execute(
        "select coalesce(sum(batches.rows_read) filter (where known_batches.batch_id is null"
        " and batches.batch_id = any(%(batches)s)), 0), coalesce(sum(batches.rows_read)"
        " filter (where known_batches.batch_id is not null), 0),"
        " coalesce(array_agg(batches.batch_id) filter (where known_batches.batch_id is null"
        " and batches.batch_id = any(%(batches)s)), '{}')"
        " from ops.load_batches as batches left join judge.known_batches"
        " on batches.batch_id = known_batches.batch_id where batches.data_set = %(name)s",
        {"batches": batches, "name": data_set.name},
    )
    coming, present, new = cursor.fetchone() or (0, 0, [])
    if not new:
        return
    is_bulk = coming > present  # indexes are quicker made than kept then
    if is_bulk:
        for index in _indexes(data_set):
            cursor.execute(sql.SQL("drop index judge.{}").format(sql.Identifier(index)))
    if not present:
        # A table emptied in this transaction is not written to the log where that is minimal.
        cursor.execute(sql.SQL("truncate {}").format(table_of(data_set)))
    selected = sql.SQL("select * from {} where not _is_replay").format(rows)
    if present or len(new) < len(batches):
        selected += sql.SQL(" and _batch_id = any({}::bigint[])").format(sql.Literal(new))
    cursor.execute(_insert(data_set, selected))
    cursor.execute("insert into judge.known_batches select unnest(%s::bigint[])", (new,))
    if is_bulk:
        _build_indexes(cursor, data_set)
    if coming * 10 > present:
        cursor.execute(sql.SQL("analyze {}").format(table_of(data_set)))


def date_versions(cursor: Cursor, data_set: DataSet, batches: Sequence[int]) -> None:
    """Gives versions that nothing dated so far the date of arrival that their batches now have."""
    cursor.execute(
        sql.SQL(
            "update {} as known set _version_at = batches.business_date"
            " from ops.load_batches as batches where known._batch_id = any(%(batches)s)"
            " and known._version_at = %(undated)s and batches.batch_id = any(%(batches)s)"
            " and batches.batch_id = known._batch_id and batches.business_date is not null"
        ).format(table_of(data_set)),
        {"batches": list(batches), "undated": UNDATED},
    )


def _columns(data_set: DataSet) -> dict[str, tuple[str, str]]:
    known = KNOWN.get(data_set.name, Known()).columns
    if data_set.delivery != "versions":
        return known
    has_date = any(column.name == "modified_at" for column in data_set.columns)
    date = "cast(coalesce(_file_date, _arrival_date, 'infinity') as timestamp)"
    return {
        "_version_at": (
            "timestamp not null",
            f"coalesce(modified_at, {date})" if has_date else date,
        ),
        **known,
    }


def _create(data_set: DataSet) -> sql.Composable:
    columns = dict.fromkeys(HASHES, "bigint not null")
    columns |= {name: type_name for name, (type_name, _) in _columns(data_set).items()}
    return sql.SQL("create table {} ({})").format(
        table_of(data_set),
        sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_name))
            for name, type_name in columns.items()
        ),
    )


def _view(data_set: DataSet) -> sql.Composable:
    """Rows of batches that count, and whether each is rejected; without exact duplicates of events.

    A repeated version says what an accepted one says, so leaving it in changes no look-up.
    """
    without_duplicates = sql.SQL(
        "where not exists (select from ops.duplicates where duplicates.data_set = {name}"
        " and duplicates._batch_id = known._batch_id"
        " and duplicates._row_number = known._row_number)"
    ).format(name=sql.Literal(data_set.name))
    return sql.SQL(
        "create view {view} as select known.*, rejected._batch_id is not null as _is_rejected"
        " {further} from {known} as known inner join ops.load_batches as batches"
        " on known._batch_id = batches.batch_id and batches.status = 'validated'"
        " left join {reject} as rejected on known._batch_id = rejected._batch_id"
        " and known._row_number = rejected._row_number and rejected.status <> 'replayed'"
        " {where}"
    ).format(
        view=sql.Identifier("judge", f"live_{data_set.name}"),
        known=table_of(data_set),
        reject=sql.Identifier("reject", data_set.name),
        further=sql.SQL("").join(
            sql.SQL(", {} as {}").format(sql.SQL(text), sql.Identifier(name))
            for name, text in KNOWN.get(data_set.name, Known()).of_view.items()
        ),
        where=sql.SQL("") if data_set.delivery == "versions" else without_duplicates,
    )


def _insert(data_set: DataSet, rows: sql.Composable) -> sql.Composable:
    columns = _columns(data_set)
    return sql.SQL("insert into {} ({}) select {} from ({}) as judged").format(
        table_of(data_set),
        sql.SQL(", ").join(map(sql.Identifier, [*HASHES, *columns])),
        sql.SQL(", ").join(
            [sql.SQL("judged.{}").format(sql.Identifier(name)) for name in HASHES]
            + [sql.SQL(expression) for _, expression in columns.values()]
        ),
        rows,
    )


def _indexes(data_set: DataSet) -> dict[str, str]:
    entity = "(_entity_hash, _version_at)" if data_set.delivery == "versions" else "(_entity_hash)"
    further = KNOWN.get(data_set.name, Known()).indexes
    return {
        f"known_{data_set.name}_{number}": text
        for number, text in enumerate(["using brin (_batch_id)", entity, *further])
    }


def _build_indexes(cursor: Cursor, data_set: DataSet) -> None:
    for name, text in _indexes(data_set).items():
        cursor.execute(
            sql.SQL("create index {} on {} {}").format(
                sql.Identifier(name), table_of(data_set), sql.SQL(text)
            )
        )
