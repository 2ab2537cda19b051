"""RFM and segments at size, against SQL that takes recency, frequency and monetary alone.

`python -m tests.bench.insight [sales] [customers] [lines a sale]` (else 1,670,000, 200,000 and 3)
prints what each model takes when all of it is built from `clean`, as a ratio to a hand-written
`create table as` over the same lines, which neither takes returns off nor scores anybody.
`--day [sales] [customers]` (else 720,000 and 100,000): what one more day takes, upon 30 and upon
360 days of history.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from tests.bench.measure import stopwatch, table
from tests.bench.models import world
from tests.bench.points import day_by_history
from tests.dbt.warehouse import NO_TESTS

REPEATS = 3
TODAY = ("purchases", "customer_rfm", "rfm_thresholds")
PROFILES = ("customer_profiles", "customer_details", "segment_summary")
HISTORY = (
    "state_dates",
    "state_measures",
    "state_thresholds",
    "month_end_states",
    "current_states",
    "segment_states",
    "segment_memberships",
    "segment_stretches",
    "segment_history",
    "segment_changes",
    "segment_migration",
    "segment_validation",
    "customer_habits",
    "member_months",
    "cohort_months",
    "customer_cohorts",
    "customer_rhythms",
)
BARE = """
create table bare_rfm as
select sales.customer_id, date '2026-06-30' - max(sales.business_date) as recency,
    count(distinct sales.transaction_id) as frequency, sum(lines.line_amount) as monetary
from clean.sale_lines as lines
inner join clean.sales as sales on lines.transaction_id = sales.transaction_id
where lines.is_merchandise and not lines.is_return
group by sales.customer_id
"""


def main() -> None:
    """Builds the world in a temporary folder and prints the ratios."""
    is_day = "--day" in sys.argv
    usual = (720_000, 100_000, 1) if is_day else (1_670_000, 200_000, 3)
    given = [int(text.replace(",", "")) for text in sys.argv[1:] if text != "--day"]
    sales, customers, lines = [*given, *usual[len(given) :]]
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedServer(Path(name) / "home")
        try:
            info = server.start()
            if is_day:
                names = (*TODAY[1:], *PROFILES, *HISTORY)  # purchases are among what they read
                day_by_history(info, Path(name), sales, customers, "RFM and segments", names)
            else:
                _measure(info, Path(name), sales, customers, lines)
        finally:
            server.destroy()


def _measure(info: ServerInfo, folder: Path, sales: int, customers: int, lines: int) -> None:
    warehouse = world(info, folder, sales, customers, lines)
    names = (*TODAY, *PROFILES, *HISTORY)
    warehouse.dbt("build", "--select", *(f"+{name}" for name in names), *NO_TESTS)
    bare: list[float] = []
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(REPEATS):
        with stopwatch() as seconds:
            warehouse.execute(BARE)
        bare += seconds
        warehouse.execute("drop table bare_rfm")
        for node in warehouse.dbt("run", "--full-refresh", "--threads", "1", "--select", *took):
            took[node["unique_id"].rpartition(".")[2]].append(float(node["execution_seconds"]))
    yardstick = statistics.median(bare)
    rows: list[list[object]] = [
        [f"{sales:,} sales of {lines} lines, {customers:,} customers", "s", "times bare"]
    ]
    for what, names in (
        ("RFM and segments", TODAY),
        ("profiles and sums by segment", PROFILES),
        ("history", HISTORY),
    ):
        for name in names:
            median = statistics.median(took[name])
            rows.append([name, median, median / yardstick])
        total = statistics.median(map(sum, zip(*(took[name] for name in names), strict=True)))
        rows.append([what, total, total / yardstick])
    rows.append(["bare recency, frequency, monetary", yardstick, 1.0])
    sys.stdout.write(table(rows) + "\n")
    warehouse.close()


if __name__ == "__main__":
    main()
