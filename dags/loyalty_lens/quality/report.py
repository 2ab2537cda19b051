"""What a validation found, for logs, summaries and the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.quality.batches import has_accepted
from loyalty_lens.quality.failing import WarnedRow

# Who is named where: a member that its master never delivered is inferred from these columns.
INFERRED = {
    "stores": ("store_id", ("store_sales_header", "store_inventory")),
    "products": ("product_id", ("store_sales_line_items", "store_inventory")),
    "customer_details": ("customer_id", ("store_sales_header", "points_events")),
}
NAMES = {"customer_details": "customers"}


@dataclass(frozen=True)
class DataSetReport:
    """Rows of the batches judged in this run, as they stand at its end."""

    judged: int
    accepted: int
    rejected: int
    duplicates: int
    replayed: int = 0


@dataclass(frozen=True)
class QualityReport:
    """The outcome of `gate.validate`."""

    data_sets: Mapping[str, DataSetReport] = field(default_factory=dict)
    rejected: Mapping[tuple[str, str], int] = field(default_factory=dict)
    warnings: Mapping[tuple[str, str], int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    held: tuple[tuple[int, str], ...] = ()  # batches held at present, and why
    warned_rows: tuple[WarnedRow, ...] = ()  # examples, where they were asked for
    seconds: float = 0.0

    @property
    def replayed(self) -> int:
        """Earlier rejects that passed now, over all data sets."""
        return sum(data_set.replayed for data_set in self.data_sets.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "data_sets": {name: dict(vars(counts)) for name, counts in self.data_sets.items()},
            "rejected": _listed(self.rejected),
            "warnings": _listed(self.warnings),
            "replayed": self.replayed,
            "notes": list(self.notes),
            "held": [{"batch_id": batch, "message": told} for batch, told in self.held],
            "seconds": round(self.seconds, 3),
        }


def _listed(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [
        {"data_set": data_set, "rule_id": rule_id, "rows": rows}
        for (data_set, rule_id), rows in counts.items()
    ]


def counts_of(cursor: Cursor, batches: list[int], replayed: int) -> DataSetReport:
    """The counts of the batches, as `ops.load_batches` has them now."""
    cursor.execute(
        "select coalesce(sum(rows_read - rows_malformed), 0), coalesce(sum(rows_accepted), 0),"
        " coalesce(sum(rows_rejected), 0), coalesce(sum(rows_duplicate), 0)"
        " from ops.load_batches where batch_id = any(%s)",
        (batches,),
    )
    judged, accepted, rejected, duplicates = cursor.fetchone() or (0, 0, 0, 0)
    return DataSetReport(int(judged), int(accepted), int(rejected), int(duplicates), replayed)


def rejected_by_rule(cursor: Cursor, data_set: str, batches: list[int]) -> dict[str, int]:
    """Rows per rule that the batches have in `reject`; a row counts under each rule it failed."""
    cursor.execute(
        sql.SQL(
            "select failed_rule, count(*) from {}, unnest(rule_ids) as failed_rule"
            " where _batch_id = any(%s) and status = 'open' group by 1 order by 1"
        ).format(sql.Identifier("reject", data_set)),
        (batches,),
    )
    return dict(cursor.fetchall())


def notes(cursor: Cursor) -> list[str]:
    """What is missing altogether, and what the warehouse does about it."""
    found = []
    for master, (column, data_sets) in INFERRED.items():
        if not has_accepted(cursor, master):
            inferred = _distinct(cursor, column, data_sets)
            if inferred:
                found.append(f"no {master} file: {inferred:,} {NAMES.get(master, master)} inferred")
    cursor.execute(
        "select array_agg(distinct data_set) from ops.load_batches"
        " where status = 'validated' and rows_accepted > 0"
    )
    (present,) = cursor.fetchone() or (None,)
    accepted = set(present or [])
    if accepted and "loyalty_rules" not in accepted:
        found.append("no loyalty rules: nothing is earned")
    if "store_sales_line_items" in accepted and "promotion_details" not in accepted:
        found.append("no promotions: sales count as unpromoted")
    if accepted and "store_sales_header" not in accepted:
        found.append("no sales headers: there are no sales to count")
    if "store_sales_header" in accepted and "store_sales_line_items" not in accepted:
        found.append("no sales lines: products and promotions are not known")
    return found


def _distinct(cursor: Cursor, column: str, data_sets: tuple[str, ...]) -> int:
    named = sql.SQL(" union ").join(
        sql.SQL("select ops.read_id({}) as id from {}").format(
            sql.Identifier(column), sql.Identifier("accepted", data_set)
        )
        for data_set in data_sets
    )
    cursor.execute(sql.SQL("select count(id) from ({}) as members").format(named))
    (count,) = cursor.fetchone() or (0,)
    return int(count)
