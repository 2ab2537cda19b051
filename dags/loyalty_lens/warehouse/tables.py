"""The tables that follow `datasets.yml`: raw.<data set>, reject.<data set>, accepted.<data set>."""

from collections.abc import Iterable, Mapping

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet

# What the views say of a row's batch, so that staging needs no join to read a row.
BATCH_FACTS = {
    "_source_file": "source_file",
    "_file_date": "file_date",
    "_date_order": "date_order",
    "_decimal_mark": "decimal_mark",
    "_is_discount_in_percent": "is_discount_in_percent",
    "_arrival_date": "business_date",
}


def synchronise_tables(
    connection: Connection, data_sets: Mapping[str, DataSet], splits: Mapping[str, DataSet]
) -> None:
    """Creates what is missing and adds columns that the contract has gained; drops nothing.

    A flat file has a table in raw alone: its rows are judged as those of the data sets it feeds.
    """
    with connection.cursor() as cursor:
        for split in splits.values():
            existing = _columns(cursor, "raw", split.name)
            if not existing:
                cursor.execute(_create_raw(split))
                continue
            for name in (name for name in split.column_names if name not in existing):
                cursor.execute(_add_column("raw", split.name, name))
        for data_set in data_sets.values():
            existing = _columns(cursor, "raw", data_set.name)
            missing = [name for name in data_set.column_names if name not in existing]
            if existing and not missing:
                continue
            if not existing:
                cursor.execute(_create_raw(data_set))
                cursor.execute(_create_reject(data_set))
            else:
                for name in missing:
                    for schema in ("raw", "reject"):
                        cursor.execute(_add_column(schema, data_set.name, name))
            cursor.execute(_create_accepted(data_set, [*existing, *missing]))


def row_numbers_of(table: str) -> str:
    """The sequence that numbers the rows of raw.<table>, quoted; each file begins at 1."""
    return 'raw."{}_row_number"'.format(table.replace('"', '""'))


def _columns(cursor: Cursor, schema: str, table: str) -> list[str]:
    cursor.execute(
        "select column_name from information_schema.columns"
        " where table_schema = %s and table_name = %s and column_name not like '\\_%%'"
        " order by ordinal_position",
        (schema, table),
    )
    return [name for (name,) in cursor.fetchall()]


def _add_column(schema: str, table: str, name: str) -> sql.Composable:
    return sql.SQL("alter table {}.{} add column {} text").format(
        *map(sql.Identifier, (schema, table, name))
    )


def _text_columns(names: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in names)


def _create_raw(data_set: DataSet) -> sql.Composable:
    """The defaults are what COPY fills in; a volatile one would make it insert row by row."""
    return sql.SQL(
        "create sequence {numbers} cache 1000;"
        " create table raw.{table} ("
        "_batch_id bigint not null default ops.batch_in_progress(),"
        " _row_number bigint not null default nextval({of_numbers}), _extra jsonb,"
        " _loaded_at timestamptz not null default statement_timestamp(), {columns});"
        " alter sequence {numbers} owned by raw.{table}._row_number;"
        " create index {index} on raw.{table} using brin (_batch_id) with (pages_per_range = 8)"
    ).format(
        table=sql.Identifier(data_set.name),
        index=sql.Identifier(f"{data_set.name}_batch"),
        numbers=sql.SQL(row_numbers_of(data_set.name)),
        of_numbers=sql.Literal(row_numbers_of(data_set.name)),
        columns=_text_columns(data_set.column_names),
    )


def _create_reject(data_set: DataSet) -> sql.Composable:
    return sql.SQL(
        "create table reject.{table} (_batch_id bigint not null, _row_number bigint not null,"
        " _extra jsonb, _loaded_at timestamptz not null, rule_ids text[] not null,"
        " errors jsonb not null, status text not null default 'open'"
        " check (status in ('open', 'replayed', 'superseded', 'waived')),"
        " rejected_at timestamptz not null default clock_timestamp(), resolved_at timestamptz,"
        " {columns}, primary key (_batch_id, _row_number));"
        " create index {index} on reject.{table} (_batch_id) where status = 'open'"
    ).format(
        table=sql.Identifier(data_set.name),
        index=sql.Identifier(f"{data_set.name}_open"),
        columns=_text_columns(data_set.column_names),
    )


def _create_accepted(data_set: DataSet, names: Iterable[str]) -> sql.Composable:
    """A row counts if its batch was judged and lives, and it is neither rejected nor repeated."""
    return sql.SQL(
        """
        create or replace view accepted.{table} as
        select rows._batch_id, rows._row_number, rows._extra, rows._loaded_at, {facts}, {columns}
        from raw.{table} as rows
        inner join ops.load_batches as batches
            on rows._batch_id = batches.batch_id and batches.status = 'validated'
        where
            not exists (
                select from reject.{table} as rejected
                where
                    rejected._batch_id = rows._batch_id
                    and rejected._row_number = rows._row_number
                    and rejected.status <> 'replayed'
            )
            and not exists (
                select from ops.duplicates
                where
                    duplicates.data_set = {name}
                    and duplicates._batch_id = rows._batch_id
                    and duplicates._row_number = rows._row_number
            )
        """
    ).format(
        table=sql.Identifier(data_set.name),
        name=sql.Literal(data_set.name),
        facts=sql.SQL(", ").join(
            sql.SQL("batches.{} as {}").format(sql.Identifier(fact), sql.Identifier(name))
            for name, fact in BATCH_FACTS.items()
        ),
        columns=sql.SQL(", ").join(
            sql.SQL("rows.{}").format(sql.Identifier(name)) for name in names
        ),
    )
