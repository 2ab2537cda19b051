"""The points engine at size: the ledger against a bare join, and a day's run against its history.

`python -m tests.bench.points [--full | --day] [sales] [customers]` (else 1,500,000 and 200,000)
prints ratios of one run: the points marts (postings, ledger, lots, balances, daily sums and what
they need) against a bare `create table as` that joins sales to customers and matching rules; then
the same marts after one more day, with 30 and with 360 days of history in turns, median of five
(`--full`, `--day`: one of the two alone).
"""

import datetime as dt
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from loyalty_lens.warehouse.connection import connect
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from tests.bench.measure import stopwatch
from tests.dbt.warehouse import NO_TESTS, Warehouse

LAST_DAY = dt.date(2026, 6, 30)
DAYS = 360
LEDGER = (
    "points_accounts",
    "tier_history",
    "points_earnings",
    "event_earnings",
    "promotion_earnings",
    "points_earned",
    "points_reversals",
    "points_redemptions",
    "points_refunds",
    "points_postings",
    "points_movements",
    "points_ledger",
    "points_lots",
    "points_balances",
    "points_flows",
    "tier_balances",
)
BEFORE = ("path:models/staging", "path:models/clean", "purchases")  # what the points marts read
RULES = (("1", "0", "0"), ("2", "50", "25"), ("3", "100", "50"), ("4", "200", "100"))
# A sale in 20 is paid in part with points, one in 25 comes back in part.
HEADERS = """
insert into raw.store_sales_header (_batch_id, _row_number, transaction_id, customer_id, store_id,
    transaction_date, total_amount, points_redeemed, transaction_type, original_transaction_id)
select {batch}, number, 'T' || number, 'C' || customer, 'S' || number % 12,
    cast(date '{first}' + cast(floor(place * {days}) as integer) as text) || ' 12:00:00',
    cast(round(cast(exp(2 + 1.2 * noise) as numeric), 2) as text),
    case when number % 20 = 0 then '100' end, null, null
from (
    select number, 1 + abs(hashint8(number * 7 + {seed})) % {customers} as customer,
        (abs(hashint8(number * 13 + {seed})) % 1000000) / 1000000.0 as place,
        (abs(hashint8(number * 17 + {seed})) % 1000000) / 500000.0 as noise
    from generate_series({start}, {end}) as numbers (number)
) as drawn
"""
RETURNS = """
insert into raw.store_sales_header (_batch_id, _row_number, transaction_id, customer_id, store_id,
    transaction_date, total_amount, transaction_type, original_transaction_id)
select _batch_id, {end} + _row_number, 'R' || transaction_id, customer_id, store_id,
    cast(least(cast(left(transaction_date, 10) as date) + 5, date '{last}') as text) || ' 13:00:00',
    cast(round(cast(total_amount as numeric) / 3, 2) as text), 'RETURN', transaction_id
from raw.store_sales_header where _batch_id = {batch} and _row_number % 25 = 0
"""
BARE = """
create table bare_points as
select sales.transaction_id, customers.customer_id, rules.rule_id,
    floor(sales.total_amount * rules.points_per_unit_spend) + rules.bonus_points as points
from clean.sales as sales
inner join clean.customers as customers on sales.customer_id = customers.customer_id
inner join clean.loyalty_rules as rules
    on sales.total_amount >= rules.min_spend_threshold
    and sales.business_date >= rules.valid_from
    and sales.business_date < coalesce(rules.valid_to, 'infinity')
"""


def main() -> None:
    """Builds both worlds in a temporary folder and prints the ratios."""
    sales, customers = (
        int(text.replace(",", ""))
        for text in [
            *(text for text in sys.argv[1:] if not text.startswith("--")),
            *("1500000", "200000"),
        ][:2]
    )
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedServer(Path(name) / "home")
        try:
            info = server.start()
            _say(f"{sales:,} sales, {customers:,} customers, {DAYS} days")
            if "--day" not in sys.argv:
                _full(info, Path(name), sales, customers)
            if "--full" not in sys.argv:
                day_by_history(info, Path(name), sales, customers, "points marts", LEDGER)
        finally:
            server.destroy()


def _full(info: ServerInfo, folder: Path, sales: int, customers: int) -> None:
    warehouse = _warehouse(info, folder, "whole")
    _fill(warehouse, sales, customers, DAYS)
    warehouse.dbt("build", "--select", "+points_daily", *NO_TESTS)
    bare = []
    for _ in range(3):
        with stopwatch() as seconds:
            warehouse.execute(BARE)
        bare += seconds
        warehouse.execute("drop table bare_points")
    nodes = warehouse.dbt("run", "--full-refresh", "--select", *LEDGER)
    yardstick = statistics.median(bare)
    total = 0.0
    for node in nodes:
        took = float(node["execution_seconds"])
        total += took
        _say(f"{node['unique_id'].rpartition('.')[2]:20} {took / yardstick:5.1f} x")
    _say(f"{'the full ledger':20} {total / yardstick:5.1f} x the bare join ({yardstick:.1f} s)")
    with stopwatch() as seconds:
        warehouse.dbt("run", "--full-refresh", "--threads", "2", "--select", *LEDGER)
    _say(f"{'two models at a time':20} {seconds[0] / yardstick:5.1f} x, dbt's own time included")
    warehouse.close()


def day_by_history(
    info: ServerInfo, folder: Path, sales: int, customers: int, what: str, models: Sequence[str]
) -> None:
    """What models take for one more day of the same size, on a twelfth and on all of the history.

    In turns, median of five: each model, all of them (`what` they are), and with all they read.
    """
    a_day = sales // DAYS
    warehouses = {days: _warehouse(info, folder, f"days_{days}") for days in (30, DAYS)}
    for days, warehouse in warehouses.items():
        _fill(warehouse, a_day * days, customers, days)
        warehouse.build()
    took: dict[int, list[dict[str, float]]] = {days: [] for days in warehouses}
    for number in range(1, 6):
        day = LAST_DAY + dt.timedelta(days=number)
        for days, warehouse in warehouses.items():
            _headers(warehouse, a_day * (days + number), a_day, customers, day, 1)
            nodes = warehouse.dbt("run", "--select", *BEFORE, *models)
            took[days].append(
                {
                    node["unique_id"].rpartition(".")[2]: float(node["execution_seconds"])
                    for node in nodes
                }
            )
    for warehouse in warehouses.values():
        warehouse.close()
    few, many = (_medians(took[days]) for days in (30, DAYS))
    _say(f"a day, in seconds: {30:>28} {DAYS:>8} days of history")
    for name in sorted(many, key=lambda name: few[name] - many[name]):
        if many[name] >= 0.1:
            _say(f"{name:38} {few[name]:8.2f} {many[name]:8.2f}")
    for these, names in ((what, set(models)), ("with all that they read", set(many))):
        sums = [
            statistics.median(sum(run[name] for name in names) for run in took[days])
            for days in (30, DAYS)
        ]
        _say(f"{these:38} {sums[0]:8.2f} {sums[1]:8.2f} {sums[1] / sums[0]:8.2f} x")


def _medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _warehouse(info: ServerInfo, folder: Path, name: str) -> Warehouse:
    with closing(connect(info.url("postgres"), autocommit=True)) as connection:
        connection.cursor().execute(f"create database {name}")
    migrate(info.url(name))
    (folder / name).mkdir()
    warehouse = Warehouse(info.url(name), folder / name)
    warehouse.environment["LENS_DBT_THREADS"] = "1"  # one model after the other: seconds add up
    warehouse.has_own_process()
    return warehouse


def _fill(warehouse: Warehouse, sales: int, customers: int, days: int) -> None:
    rules = [
        {
            "rule_id": rule,
            "points_per_unit_spend": "1",
            "min_spend_threshold": threshold,
            "bonus_points": bonus,
        }
        for rule, threshold, bonus in RULES
    ]
    warehouse.load("loyalty_rules", rules)
    warehouse.load("stores", [{"store_id": f"S{number}"} for number in range(12)])
    _masters(warehouse, customers)
    _headers(warehouse, 0, sales, customers, LAST_DAY, days)


def _masters(warehouse: Warehouse, customers: int) -> None:
    batch = warehouse.load("customer_details", [{"customer_id": "C0", "total_loyalty_points": "0"}])
    warehouse.execute(
        "insert into raw.customer_details"
        " (_batch_id, _row_number, customer_id, total_loyalty_points, loyalty_status)"
        f" select {batch}, 1 + n, 'C' || n, cast(n % 7 * 50 as text), 'Bronze'"
        f" from generate_series(1, {customers}) as numbers (n)"
    )


def _headers(
    warehouse: Warehouse, before: int, sales: int, customers: int, last: dt.date, days: int
) -> None:
    first = last - dt.timedelta(days=days - 1)
    batch = warehouse.load("store_sales_header", [_one_row(before, first)], arrival=last)
    values = {
        "batch": batch,
        "first": first,
        "last": last,
        "days": days,
        "customers": customers,
        "seed": 1,
        "start": before + 2,
        "end": before + sales,
    }
    warehouse.execute(HEADERS.format(**values))
    warehouse.execute(RETURNS.format(**values))
    warehouse.execute("analyze raw.store_sales_header")


def _one_row(before: int, day: dt.date) -> dict[str, str]:
    return {
        "transaction_id": f"T{before + 1}",
        "customer_id": "C1",
        "store_id": "S1",
        "transaction_date": f"{day} 12:00:00",
        "total_amount": "10",
        "points_redeemed": "",
        "transaction_type": "",
        "original_transaction_id": "",
    }


def _say(*texts: Sequence[str] | str) -> None:
    sys.stdout.write(" ".join(map(str, texts)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
