"""The models at size: fit and score every customer, against the SQL that only groups the purchases.

`python -m tests.bench.models [sales] [customers]` (else 1,500,000 and 200,000) prints seconds and
memory of the models' process step by step, and as a ratio to a bare `create table as` that takes
recency, frequency and monetary from the same purchases.
"""

import datetime as dt
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from loyalty_lens.pipeline.models import models_worker
from loyalty_lens.warehouse.connection import connect
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from tests.bench.measure import Memory, processor_seconds, stopwatch
from tests.dbt.warehouse import NO_TESTS, Warehouse

FIRST_DAY, LAST_DAY, DAYS = "2025-07-06", dt.date(2026, 6, 30), 360
PRODUCTS = 1000
# Few customers buy often and many seldom; three in five leave during the year. One sale in 25 comes
# back in part.
HEADERS = """
insert into raw.store_sales_header (_batch_id, _row_number, transaction_id, customer_id, store_id,
    transaction_date, total_amount)
select {batch}, number, 'T' || number, 'C' || customer, 'S1',
    cast(date '{first}' + cast(floor(place * {days}) as integer) as text) || ' 12:00:00',
    cast(round(cast(exp(2 + 1.2 * noise) as numeric), 2) as text)
from (
    select *, anywhere * least(1, abs(hashint8(customer)) % 1000 / 600.0) as place from (
    select number,
        1 + cast(floor(power((abs(hashint8(number * 7)) % 1000000) / 1000000.0, 2.2) * {customers})
            as integer) as customer,
        (abs(hashint8(number * 13)) % 1000000) / 1000000.0 as anywhere,
        (abs(hashint8(number * 17)) % 1000000) / 500000.0 as noise
    from generate_series(2, {sales}) as numbers (number)
    ) as bought
) as drawn
"""
RETURNS = """
insert into raw.store_sales_header (_batch_id, _row_number, transaction_id, customer_id, store_id,
    transaction_date, total_amount, transaction_type, original_transaction_id)
select _batch_id, {sales} + _row_number, 'R' || transaction_id, customer_id, store_id,
    cast(least(cast(left(transaction_date, 10) as date) + 5, date '{first}' + {days} - 1) as text)
        || ' 13:00:00',
    cast(round(cast(total_amount as numeric) / 3, 2) as text), 'RETURN', transaction_id
from raw.store_sales_header where _batch_id = {batch} and _row_number % 25 = 0
"""
LINES = """
insert into raw.store_sales_line_items (_batch_id, _row_number, line_item_id, transaction_id,
    product_id, quantity, line_item_amount)
select {lines_batch}, 1 + {lines} * _row_number + number, number, transaction_id,
    'P' || ({lines} * _row_number + number) % {products}, '1',
    cast(round(cast(total_amount as numeric) / {lines}, 2) as text)
from raw.store_sales_header cross join generate_series(1, {lines}) as numbers (number)
where _batch_id = {batch} and transaction_type is null
"""
BARE = """
create table bare_rfm as
select customer_id, date '2026-06-30' - max(business_date) as recency, count(*) as frequency,
    sum(net_amount) as monetary
from marts.purchases where is_counted group by customer_id
"""


def main() -> None:
    """Builds the world in a temporary folder and prints the figures."""
    sales, customers = (
        int(text.replace(",", "")) for text in [*sys.argv[1:], "1500000", "200000"][:2]
    )
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedServer(Path(name) / "home")
        try:
            _measure(server.start(), Path(name), sales, customers)
        finally:
            server.destroy()


def _measure(info: ServerInfo, folder: Path, sales: int, customers: int) -> None:
    warehouse = world(info, folder, sales, customers)
    warehouse.dbt("build", "--select", "+model_inputs", "+action_list", *NO_TESTS)
    bare = []
    for _ in range(3):
        with stopwatch() as seconds:
            warehouse.execute(BARE)
        bare += seconds
        warehouse.execute("drop table bare_rfm")
    data = folder / "home" / "postgres" / "data"
    before = processor_seconds(data)
    with Memory() as memory, models_worker() as worker:
        worker.start()
        with stopwatch() as seconds:
            found = worker.call(url=warehouse.url, monthly_rate=0.01)
    processor = processor_seconds(data) - before
    (took,), yardstick = seconds, statistics.median(bare)
    _say(f"{sales:,} sales, {found['customers']:,} buyers, as of {found['business_date']}")
    for step, value in found["seconds"].items():
        _say(f"{step:20} {value:6.1f} s  {value / yardstick:6.1f} x")
    _say(f"{'fit and score':20} {took:6.1f} s  {took / yardstick:6.1f} x")
    _say(f"{'processor, in all':20} {processor:6.1f} s")
    _say(f"{'bare RFM':20} {yardstick:6.2f} s")
    for fit in found["fits"]:
        _say(f"{fit['model']:20} {fit['status']} {fit['message'] or ''}".rstrip())
    _say(f"memory of its process: {max(memory.python.values()):.0f} MB")
    nodes = warehouse.dbt("run", "--select", "customer_clv", "customer_churn", "customer_clusters")
    for node in nodes:
        _say(f"{node['unique_id'].rpartition('.')[2]:20} {float(node['execution_seconds']):6.1f} s")
    warehouse.close()


def world(info: ServerInfo, folder: Path, sales: int, customers: int, lines: int = 1) -> Warehouse:
    """A warehouse with so many accepted sales of so many `lines` each, and nothing built yet."""
    with closing(connect(info.url("postgres"), autocommit=True)) as connection:
        connection.cursor().execute("create database models")
    migrate(info.url("models"))
    warehouse = Warehouse(info.url("models"), folder)
    warehouse.has_own_process()
    warehouse.load("stores", [{"store_id": "S1"}])
    warehouse.load(
        "products",
        [
            {"product_id": f"P{number}", "product_category": f"K{number % 20}", "unit_cost": "5"}
            for number in range(PRODUCTS)
        ],
    )
    headers = {"transaction_id": "T1", "customer_id": "C1", "store_id": "S1", "total_amount": "10"}
    batch = warehouse.load(
        "store_sales_header", [{**headers, "transaction_date": FIRST_DAY}], arrival=LAST_DAY
    )
    line = {"line_item_id": "1", "transaction_id": "T0", "product_id": "P0", "quantity": "1"}
    lines_batch = warehouse.load("store_sales_line_items", [{**line, "line_item_amount": "1"}])
    values = {
        "batch": batch,
        "lines_batch": lines_batch,
        "first": FIRST_DAY,
        "days": DAYS,
        "sales": sales,
        "customers": customers,
        "products": PRODUCTS,
        "lines": lines,
    }
    for statement in (HEADERS, RETURNS, LINES):
        warehouse.execute(statement.format(**values))
    warehouse.execute("analyze raw.store_sales_header")
    warehouse.execute("analyze raw.store_sales_line_items")
    return warehouse


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
