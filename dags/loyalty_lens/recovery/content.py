"""What is in a warehouse, short enough to compare: rows of every table, hashes of some."""

import json
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.pipeline.certificate import CUSTOMER_MARTS, content_of
from loyalty_lens.warehouse.migrate import SCHEMAS

HASHED = (*CUSTOMER_MARTS, "points_ledger")
# The backups themselves are noted between the count and the dump.
TABLES = """
select schemaname, tablename from pg_tables
where schemaname = any(%s) and (schemaname, tablename) <> ('ops', 'backups')
order by schemaname, tablename
"""


@dataclass(frozen=True)
class Content:
    """`row_counts` by schema and table; `hashes` by mart, as in a run certificate."""

    row_counts: dict[str, int]
    hashes: dict[str, Any]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(self.row_counts.values())

    def differs_in(self, other: "Content") -> list[str]:
        """The tables that are not the same in both."""
        counted = {
            table
            for table in self.row_counts.keys() | other.row_counts.keys()
            if self.row_counts.get(table) != other.row_counts.get(table)
        }
        hashed = {
            f"marts.{mart}"
            for mart in self.hashes.keys() | other.hashes.keys()
            if self.hashes.get(mart) != other.hashes.get(mart)
        }
        return sorted(counted | hashed)

    def as_json(self) -> tuple[str, str]:
        """As `ops.backups` keeps it."""
        return json.dumps(self.row_counts), json.dumps(self.hashes)


def read_content(connection: Connection) -> Content:
    """Counts every row; the hashes of marts that were never built are left out."""
    counts = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES, (list(SCHEMAS),))
        tables = cursor.fetchall()
        for schema, table in tables:
            cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table)))
            (counts[f"{schema}.{table}"],) = cursor.fetchone() or (0,)
    hashes = {mart: content_of(connection, mart) for mart in HASHED if f"marts.{mart}" in counts}
    return Content(counts, hashes)
