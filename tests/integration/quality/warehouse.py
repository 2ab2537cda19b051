"""A warehouse for tests of the gate: batches go straight into `raw`, as landing leaves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extras import execute_values

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.quality.gate import validate
from loyalty_lens.quality.report import QualityReport
from loyalty_lens.quality.suites import SUITES
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker

Row = Mapping[str, str | None]


@dataclass
class Warehouse:
    """Deliver rows, judge them, look at what became of them."""

    url: str
    worker: Worker
    suites: Path = SUITES
    batch_ids: list[int] = field(default_factory=list)

    def deliver(self, data_set: str, *rows: Row, **batch: Any) -> int:
        """A new batch in status loaded; `batch` sets further columns of ops.load_batches."""
        columns = load_data_sets()[data_set].column_names
        values = {
            "data_set": data_set,
            "source_file": f"{data_set}.csv",
            "path_key": f"{data_set}.csv",
            "sha256": str(len(self.batch_ids)),
            "size_bytes": 1,
            "rows_read": len(rows),
            "status": "loaded",
            **batch,
        }
        with connected(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("insert into ops.load_batches ({}) values ({}) returning batch_id").format(
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join(map(sql.Literal, values.values())),
                )
            )
            (batch_id,) = cursor.fetchone() or (0,)
            statement = sql.SQL("insert into raw.{} (_batch_id, _row_number, {}) values %s").format(
                sql.Identifier(data_set), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            execute_values(
                cursor,
                statement,
                [
                    (batch_id, number, *(row.get(column) for column in columns))
                    for number, row in enumerate(rows, start=1)
                ],
            )
        self.batch_ids.append(batch_id)
        return int(batch_id)

    def judge(self, **options: Any) -> QualityReport:
        """One validation."""
        parameters = {
            "currency": "EUR",
            "default_time_zone": "UTC",
            "suites": self.suites,
            **options,
        }
        return validate(self.url, worker=self.worker, **parameters)

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        with connected(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def accepted(self, data_set: str) -> list[tuple[int, int]]:
        """(batch, row number) of what counts."""
        return self.query(f"select _batch_id, _row_number from accepted.{data_set} order by 1, 2")

    def rejected(self, data_set: str) -> dict[tuple[int, int], list[str]]:
        """Rule ids of what is rejected at present."""
        found = self.query(
            f"select _batch_id, _row_number, rule_ids from reject.{data_set} where status = 'open'"
        )
        return {(batch, row): rules for batch, row, rules in found}

    def duplicates(self, data_set: str) -> dict[tuple[int, int], tuple[int, int]]:
        """Exact duplicates and what they repeat."""
        found = self.query(
            "select _batch_id, _row_number, original_batch_id, original_row_number"
            " from ops.duplicates where data_set = %s",
            data_set,
        )
        return {(batch, row): (original, place) for batch, row, original, place in found}

    def warned(self, data_set: str) -> dict[str, int]:
        """Rows per warning, over all judgements."""
        return dict(
            self.query(
                "select rule_id, sum(rows_failed)::int from ops.validation_results"
                " where data_set = %s and severity = 'warn' group by rule_id"
                " having sum(rows_failed) > 0",
                data_set,
            )
        )

    def check_counts(self) -> None:
        """Nothing is lost: each row read is accepted, rejected or a duplicate, by its own table."""
        lost = self.query(
            "select data_set, batch_id, rows_read, rows_accepted, rows_rejected, rows_duplicate"
            " from ops.load_batches where status = 'validated' and rows_read <>"
            " rows_accepted + rows_rejected + rows_duplicate + rows_malformed"
        )
        assert lost == []


def sale(number: str = "T1", **values: str | None) -> dict[str, str | None]:
    """A header that passes with the masters of `masters`."""
    return {
        "transaction_id": number,
        "customer_id": "C1",
        "store_id": "S1",
        "transaction_date": "2026-01-05",
        "total_amount": "10.00",
        **values,
    }


def line(number: str = "1", transaction: str = "T1", **values: str | None) -> dict[str, str | None]:
    """A line that passes with `sale()` and the masters of `masters`."""
    return {
        "line_item_id": number,
        "transaction_id": transaction,
        "product_id": "P1",
        "quantity": "1",
        "line_item_amount": "10.00",
        **values,
    }


def deliver_masters(warehouse: Warehouse, *data_sets: str) -> None:
    """One store, product, customer, promotion and rule each; or only the data sets named."""
    rows: dict[str, Sequence[Row]] = {
        "stores": [{"store_id": "S1", "store_name": "First"}],
        "products": [{"product_id": "P1", "product_category": "Tea", "unit_price": "10.00"}],
        "customer_details": [{"customer_id": "C1", "first_name": "Ada"}],
        "promotion_details": [
            {
                "promotion_id": "X1",
                "start_date": "2026-01-01",
                "end_date": "2026-01-31",
                "discount_percentage": "0.10",
            }
        ],
        "loyalty_rules": [
            {
                "rule_id": "1",
                "points_per_unit_spend": "1",
                "min_spend_threshold": "0",
                "bonus_points": "0",
            }
        ],
    }
    for data_set in data_sets or rows:
        warehouse.deliver(data_set, *rows[data_set])
