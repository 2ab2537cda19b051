"""Seconds from closed files with 1,000 sales to the new balances, on a warehouse that is there.

`make bench-freshness` takes the demo's (`make demo`); without `--demo` that of the settings. The
files carry the date of the newest sale, as those of a running store day do; `lens run` takes them
as a schedule of every few minutes would. They stay.
"""

import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connect

SALES = 1000
TARGET = 60.0
EARNED = "select sum(earned_points) from marts.points_balances"


def main(demo: bool) -> None:
    """Two runs: the first may build what never ran here; the second is the figure."""
    settings = Settings.from_environment(demo=demo)
    url = warehouse_url(settings)
    sys.stdout.write(f"{_size(url)}\n")
    for turn in ("first", "second"):
        _deliver(url, settings.landing)
        balance, whole = _timed(url, settings, demo)
        met = "met" if balance <= TARGET else "missed"
        sys.stdout.write(
            f"{turn}: {balance:.1f} s to the balance ({met}: {TARGET:.0f} s),"
            f" {whole:.1f} s in all\n"
        )


def _deliver(url: str, landing: Path) -> None:
    """Headers and lines of 1,000 sales of customers who are there, on the newest day."""
    customers, stores, products, day = (
        [row[0] for row in _rows(url, query)]
        for query in (
            "select customer_id from clean.customers order by md5(customer_id) limit 500",
            "select store_id from clean.stores order by store_id",
            "select product_id from clean.products order by product_id limit 50",
            "select business_date from clean.as_of",
        )
    )
    name = uuid.uuid4().hex[:8]
    headers = "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
    lines = "line_item_id,transaction_id,product_id,quantity,line_item_amount\n"
    for number in range(SALES):
        key = f"BENCH-{name}-{number:04}"
        customer, store = customers[number % len(customers)], stores[number % len(stores)]
        headers += f"{key},{customer},{store},{day[0]} 12:00:00,20.00\n"
        lines += f"1,{key},{products[number % len(products)]},1,20.00\n"
    folder = landing / f"bench-{name}"
    folder.mkdir(parents=True)
    (folder / f"store_sales_header_{day[0]}.csv").write_text(headers, "utf-8")
    (folder / f"store_sales_line_items_{day[0]}.csv").write_text(lines, "utf-8")


def _timed(url: str, settings: Settings, demo: bool) -> tuple[float, float]:
    """Seconds until points_balances knows the sales, and until the command has ended."""
    before = _rows(url, EARNED)
    command = [sys.executable, "-m", "loyalty_lens.cli.main", *(["--demo"] if demo else []), "run"]
    started, seen = time.perf_counter(), threading.Event()
    seconds: list[float] = []

    def watch() -> None:
        while not seen.is_set():
            if _rows(url, EARNED) != before:
                seconds.append(time.perf_counter() - started)
                return
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    whole = time.perf_counter() - started
    seen.set()
    watcher.join()
    if not seconds:
        sys.exit(f"the balances never changed: {done.stdout[-500:]}{done.stderr[-500:]}")
    return seconds[0], whole


def _size(url: str) -> str:
    counts = [
        (name, _rows(url, f"select count(*) from {name}")[0][0])
        for name in ("clean.sales", "clean.sale_lines", "clean.customers")
    ]
    return ", ".join(f"{name} {count:,}" for name, count in counts)


def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with closing(connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


if __name__ == "__main__":
    main("--demo" in sys.argv[1:])
