"""A warehouse to run the whole pipeline in, and the tiny shop that many tests deliver to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.pipeline.business_date import requested_date
from loyalty_lens.pipeline.run import RunResult, run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected


@dataclass(frozen=True)
class World:
    """A fresh warehouse and its landing folder."""

    settings: Settings
    url: str
    workers: Workers

    def run(self, landing: Path | None = None, business_date: str | None = None) -> RunResult:
        """`lens run`, without the process around it."""
        requested = requested_date(
            parameter=business_date, data_interval_start=None, run_type=None, time_zone="UTC"
        )
        return run(self.settings, self.url, requested, self.workers, landing=landing)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a query returns."""
        with connected(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(query, parameters or None)
            return cursor.fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        """The first column of the first row."""
        return self.rows(query, *parameters)[0][0]

    def rejects(self) -> dict[tuple[str, str], int]:
        """(data set, rule): open rejects that failed it."""
        return {
            (data_set, rule): count
            for data_set in load_data_sets()
            for rule, count in self.rows(
                f"select failed.rule, count(*) from reject.{data_set} as rejected,"
                " unnest(rejected.rule_ids) as failed (rule)"
                " where rejected.status = 'open' group by failed.rule"
            )
        }

    def contents(self, *tables: str) -> dict[str, list[str]]:
        """The rows of tables as sorted text, but for columns that begin with an underscore."""
        found = {}
        for table in tables:
            schema, name = table.split(".")
            columns = self.rows(
                "select column_name from information_schema.columns where table_schema = %s"
                " and table_name = %s and column_name not like '\\_%%' order by column_name",
                schema,
                name,
            )
            listed = ", ".join(f'"{column}"' for (column,) in columns)
            query = f"select cast(row({listed}) as text) from {table}"
            found[table] = sorted(row for (row,) in self.rows(query))
        return found

    def write(self, name: str, text: str) -> Path:
        """A file in the landing folder."""
        path = self.settings.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


MARTS = (
    "marts.customer_details",
    "marts.customer_rfm",
    "marts.points_ledger",
    "marts.points_balances",
    "marts.points_lots",
    "marts.points_daily",
    "marts.tier_history",
    "marts.sales_daily",
    "marts.segment_summary",
)

SMALL_SHOP = {
    "stores.csv": "store_id,store_name,time_zone\nS1,North,UTC\nS2,South,UTC\n",
    "products.csv": (
        "product_id,product_name,product_category,unit_price\n"
        "P1,Tea,Grocery,10\nP2,Cup,Home,20\nP3,Lamp,Home,50\n"
    ),
    "customer_details.csv": (
        "customer_id,first_name,email,total_loyalty_points,last_purchase_date\n"
        "C1,Ann,ann@example.com,100,2025-11-01\nC2,Bob,bob@example.com,0,\n"
        "C3,Cem,cem@example.com,5,2025-06-01\nC4,Dee,dee@example.com,,\n"
    ),
    "promotion_details.csv": (
        "promotion_id,promotion_name,start_date,end_date,discount_percentage\n"
        "A1,Winter,2026-01-01,2026-01-31,0.10\n"
    ),
    "loyalty_rules.csv": (
        "rule_id,rule_name,points_per_unit_spend,min_spend_threshold,bonus_points\n"
        "1,Base,1,0,0\n2,Big,1,100,50\n"
    ),
    "store_sales_header.csv": (
        "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
        "T1,C1,S1,2025-12-01 10:00:00,30\nT2,C1,S2,2026-01-02 10:00:00,120\n"
        "T3,C2,S1,2026-01-03 11:00:00,50\nT4,,S1,2026-01-03 12:00:00,10\n"
        "T5,C2,S2,2026-01-04 09:30:00,20\nT6,C3,S2,2025-11-20 09:30:00,70\n"
    ),
    "store_sales_line_items.csv": (
        "line_item_id,transaction_id,product_id,promotion_id,quantity,line_item_amount\n"
        "1,T1,P1,,3,30\n1,T2,P3,A1,2,100\n2,T2,P2,,1,20\n1,T3,P3,,1,50\n1,T4,P1,,1,10\n"
        "1,T5,P2,,1,20\n1,T6,P3,,1,50\n2,T6,P2,,1,20\n"
    ),
}
