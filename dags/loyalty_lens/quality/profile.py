"""`lens profile`: what the columns of a data set hold, counted by the server in one statement."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import QualityError, first_line
from loyalty_lens.quality.classification import is_personal
from loyalty_lens.warehouse.connection import connected

STATEMENT = Path(__file__).with_name("profile.sql")
COLUMNS = (
    "column_name",
    "column_type",
    "is_personal",
    "rows_in_all",
    "rows_profiled",
    "rows_null",
    "distinct_values",
    "is_distinct_approximate",
    "lowest",
    "highest",
    "shortest",
    "longest",
    "average_length",
    "pattern",
    "pattern_rows",
    "top_values",
)


@dataclass(frozen=True)
class ColumnProfile:
    """One row of `ops.column_profiles`; values are None where they are personal."""

    column_name: str
    column_type: str
    is_personal: bool
    rows_in_all: int
    rows_profiled: int
    rows_null: int
    distinct_values: int
    is_distinct_approximate: bool
    lowest: str | None
    highest: str | None
    shortest: int | None
    longest: int | None
    average_length: Any
    pattern: str | None
    pattern_rows: int | None
    top_values: list[dict[str, Any]] | None


def profile(
    url: str, data_set: DataSet, *, sample: int = 100_000, with_personal: bool = False
) -> tuple[ColumnProfile, ...]:
    """Profiles the accepted rows of a data set into `ops.column_profiles`; returns what it wrote.

    Of a data set with more rows than `sample` every n-th is looked at (by a hash, so the same ones
    each time) and the number of distinct values is an estimate; 0 looks at all. Lowest, highest
    and commonest values of personal columns are left out unless `with_personal`. Nothing is
    written where no row is accepted. Raises QualityError where the server cannot carry it out.
    """
    try:
        with connected(url) as connection, connection.cursor() as cursor:
            rows = _accepted(cursor, data_set)
            if not rows:
                return ()
            step = -(-rows // sample) if sample else 1
            cursor.execute(_statement(data_set, rows, step, with_personal))
            cursor.execute(
                sql.SQL(
                    "select {} from ops.column_profiles where data_set = %s and profiled_at = now()"
                ).format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS))),
                (data_set.name,),
            )
            found = {row[0]: ColumnProfile(*row) for row in cursor.fetchall()}
    except psycopg2.Error as error:
        raise QualityError(f"{data_set.name}: cannot be profiled: {first_line(error)}") from error
    return tuple(found[name] for name in data_set.column_names if name in found)


def _accepted(cursor: Cursor, data_set: DataSet) -> int:
    cursor.execute(
        "select coalesce(sum(rows_accepted), 0) from ops.load_batches"
        " where data_set = %s and status = 'validated'",
        (data_set.name,),
    )
    (rows,) = cursor.fetchone() or (0,)
    return int(rows)


def _statement(data_set: DataSet, rows: int, step: int, with_personal: bool) -> sql.Composable:
    columns = [
        sql.SQL("({}, {}, {}, {})").format(
            *map(
                sql.Literal,
                (place, column.name, column.type, is_personal(data_set.name, column.name)),
            )
        )
        for place, column in enumerate(data_set.columns)
    ]
    cells = [
        sql.SQL("({}, {})").format(sql.Literal(column.name), sql.Identifier("rows", column.name))
        for column in data_set.columns
    ]
    return sql.SQL(STATEMENT.read_text("utf-8")).format(
        accepted=sql.Identifier("accepted", data_set.name),
        data_set=sql.Literal(data_set.name),
        rows_in_all=sql.Literal(rows),
        step=sql.Literal(step),
        with_personal=sql.Literal(with_personal),
        cells=sql.SQL(", ").join(cells),
        columns=sql.SQL(", ").join(columns),
    )
