"""The far limit: `tables.sql` in DuckDB, straight from the CSV files, on all cores.

`python -m tests.bench.hand_written.in_duckdb FOLDER [OUT]` reads the files below FOLDER and, where
OUT is given, writes `by_hand.customers_told` there as CSV: what the other ways are held against.
"""

import sys
from pathlib import Path

import duckdb

from tests.bench.copying import by_data_set, files_below
from tests.bench.hand_written import TABLES, TOLD

# What PostgreSQL has built in: the whole part of an exact quotient.
MACRO = "create macro div(a, b) as cast(a * 10000 as hugeint) // cast(b * 10000 as hugeint)"


def main(folder: Path, out: Path | None = None) -> None:
    """Builds all tables in memory."""
    with duckdb.connect() as connection:
        connection.execute(MACRO)
        connection.execute("create schema files")
        for name, files in by_data_set(files_below(folder)).items():
            listed = ", ".join(f"'{file}'" for file in map(_quoted, files))
            connection.execute(
                f"create view files.{name} as"
                f" select * from read_csv([{listed}], all_varchar = true, union_by_name = true)"
            )
        connection.execute(TABLES.read_text("utf-8"))
        if out:
            connection.execute(f"copy ({TOLD}) to '{_quoted(out)}' (header)")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
