"""A bare `\\copy` of the files into tables of text columns: the yardstick of landing."""

from collections.abc import Iterable
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.warehouse.connection import connected
from tests.bench.measure import stopwatch


def files_below(folder: Path) -> list[Path]:
    """The CSV files that a landing takes, in order."""
    names = tuple(name for data_set in load_data_sets().values() for name in data_set.files)
    return sorted(path for path in folder.rglob("*.csv") if path.name.startswith(names))


def by_data_set(files: Iterable[Path]) -> dict[str, list[Path]]:
    """Data set -> its files, by the names that `lens generate` gives them."""
    found: dict[str, list[Path]] = {}
    for file in files:
        found.setdefault(file.stem.partition("_20")[0], []).append(file)
    return found


def bare_copy(url: str, files: Iterable[Path]) -> float:
    """Seconds of the copy into tables that exist; drops them after."""
    seconds = copy_into(url, "bare", files)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema bare cascade")
    return seconds


def copy_into(url: str, schema: str, files: Iterable[Path]) -> float:
    """Makes `schema` with a table for each data set, of all columns that its files have.

    Returns the seconds of the copy alone, one file a transaction.
    """
    files = list(files)
    headers = {file: _header(file) for file in files}
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        for name, members in by_data_set(files).items():
            columns = dict.fromkeys(column for file in members for column in headers[file])
            _create(cursor, sql.Identifier(schema, name), list(columns))
    with stopwatch() as seconds, connected(url) as connection, connection.cursor() as cursor:
        for name, members in by_data_set(files).items():
            for file in members:
                with file.open("rb") as stream:
                    cursor.copy_expert(
                        sql.SQL("copy {} ({}) from stdin (format csv, header)").format(
                            sql.Identifier(schema, name),
                            sql.SQL(", ").join(map(sql.Identifier, headers[file])),
                        ),
                        stream,
                    )
                connection.commit()
    return seconds[0]


def _header(file: Path) -> list[str]:
    with file.open(encoding="utf-8") as stream:
        return stream.readline().strip().split(",")


def _create(cursor: Cursor, table: sql.Identifier, columns: Iterable[str]) -> None:
    columns_of_text = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(column)) for column in columns
    )
    cursor.execute(sql.SQL("create table {} ({})").format(table, columns_of_text))
