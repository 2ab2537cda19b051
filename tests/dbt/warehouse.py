"""A warehouse whose accepted rows are written by the test itself: no landing, no gate, real dbt."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extras import execute_values

from loyalty_lens.settings import Settings
from loyalty_lens.transform.environment import PROJECT, dbt_environment
from loyalty_lens.warehouse.connection import connect
from loyalty_lens.worker import NO_USAGE_REPORTS, Worker
from tests.helpers.shared import SharedDbt

# Reports on runs and builds, the outbox and what models say: outside invariant 3, and empty where
# no gate ran and nothing was fitted.
# What was delivered of a profile, under the number that it came with (merged or not), is one, too.
MODELS = {
    "customer_churn",
    "customer_clusters",
    "customer_clv",
    "model_fits",
    "model_metrics",
    "sales_forecast",
}
REPORTS = (
    {"points_accounts", "customer_changes"}
    | MODELS
    | {
        path.stem
        for folder in ("quality", "outbox")
        for path in (PROJECT / "models" / "marts" / folder).glob("*.sql")
    }
)
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
POINTS = "+path:models/marts/loyalty"
VERDICTS = "+path:models/marts/promotions"
UNCHANGED = ("--exclude", "path:models/staging", "resource_type:seed")


@dataclass
class Warehouse:
    """One database, and dbt to build it: everybody's process, or one of its own."""

    url: str
    folder: Path
    environment: dict[str, str] = field(init=False)
    _worker: Worker | None = None
    _is_built: bool = False

    def __post_init__(self) -> None:
        self.environment = {
            **dbt_environment(Settings.from_environment({}), self.url),
            "DBT_PROJECT_DIR": str(PROJECT),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }

    def dbt(self, *arguments: str, business_date: dt.date | None = None) -> list[dict[str, Any]]:
        """Runs a dbt command; the nodes that ran. Fails the test where one of them failed."""
        if self._worker is None:
            self._worker = SharedDbt(self.environment)
        given = ("--vars", f"business_date: '{business_date}'") if business_date else ()
        nodes: list[dict[str, Any]] = self._worker.call(arguments=[*arguments, *given])
        failed = [n for n in nodes if n["status"] not in ("success", "pass")]
        assert not failed, "\n".join(f"{n['unique_id']}: {n['message']}" for n in failed)
        return nodes

    def has_own_process(self) -> None:
        """From here on: for another target, or where connections are to be kept, as in a run."""
        self._worker = Worker("loyalty_lens.transform.runner", self.environment)

    def build(self, business_date: dt.date | None = None, *selected: str) -> None:
        """Everything but the tests, or what is selected and all that it reads.

        Staging and seeds, which no data change, are built the first time only.
        """
        wanted = ("--select", *selected) if selected else ()
        unchanged = UNCHANGED if self._is_built else ()
        self.dbt("build", *NO_TESTS, *wanted, *unchanged, business_date=business_date)
        self._is_built = self._is_built or not selected

    def compiled(self, model: str, **variables: int) -> str:
        """The query that dbt makes of a model with these variables; all that it reads was built."""
        given = ", ".join(f"{name}: {value}" for name, value in variables.items())
        self.dbt("compile", "--select", model, "--vars", f"{{{given}}}")
        (path,) = self.folder.glob(f"target/compiled/**/{model}.sql")
        return path.read_text("utf-8")

    def command_line(
        self, *arguments: str, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """dbt as an analyst starts it, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *arguments, "--no-version-check"],
            env={**os.environ, **NO_USAGE_REPORTS, **self.environment, **environment},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )

    def load(
        self,
        data_set: str,
        rows: Sequence[Mapping[str, object]],
        *,
        arrival: dt.date = dt.date(2026, 1, 31),
        file_date: dt.date | None = None,
        is_discount_in_percent: bool = False,
    ) -> int:
        """Writes one judged batch, all rows accepted; returns its id."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with closing(connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.load_batches (data_set, source_file, path_key, file_date, sha256,"
                " size_bytes, rows_read, rows_accepted, status, is_discount_in_percent,"
                " business_date, last_business_date)"
                " values (%s, %s, %s, %s, '', 0, %s, %s, 'validated', %s, %s, %s)"
                " returning batch_id",
                (
                    data_set,
                    f"{data_set}.csv",
                    f"{data_set}.csv",
                    file_date,
                    len(rows),
                    len(rows),
                    is_discount_in_percent,
                    arrival,
                    arrival,
                ),
            )
            ((batch_id,),) = cursor.fetchall()
            execute_values(
                cursor,
                sql.SQL("insert into raw.{} (_batch_id, _row_number, {}) values %s")
                .format(sql.Identifier(data_set), sql.SQL(", ").join(map(sql.Identifier, columns)))
                .as_string(cursor),
                [
                    (batch_id, number, *(_text(row.get(name)) for name in columns))
                    for number, row in enumerate(rows, 1)
                ],
            )
        return int(batch_id)

    def rows(self, query: str, *, role: str | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query, as its owner or as another role."""
        with closing(connect(self.url)) as connection, connection.cursor() as cursor:
            if role:  # let in for this transaction, which is rolled back
                cursor.execute(
                    sql.SQL("grant {0} to current_user; set role {0}").format(sql.Identifier(role))
                )
            cursor.execute(query)
            return cursor.fetchall()

    def execute(self, statement: str) -> None:
        """One statement, committed."""
        with closing(connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def marts(self) -> dict[str, list[str]]:
        """Every row of every mart as text, without the columns that begin with `_`."""
        tables = self.rows(
            "select table_name, string_agg(quote_ident(column_name), ', ' order by column_name)"
            " from information_schema.columns where table_schema = 'marts'"
            " and column_name not like '\\_%' group by table_name"
        )
        return {
            table: [
                text
                for (text,) in self.rows(
                    f"select cast(row({columns}) as text) from marts.{table} order by 1"
                )
            ]
            for table, columns in tables
            if table not in REPORTS
        }

    def close(self) -> None:
        """Ends a dbt process of its own."""
        if self._worker:
            self._worker.close()
            self._worker = None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
