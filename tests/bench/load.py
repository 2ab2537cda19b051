"""Load: 1,000 files in the landing folder, and 50 people at the dashboards at once.

`make bench-load` takes the demo's warehouse for the people; with LENS_HOME or LENS_DATABASE_URL and
without `--demo`, any other. The files are landed and judged in a database of their own.
"""

import datetime as dt
import random
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from loyalty_lens.bring.throwaway import throwaway_database
from loyalty_lens.landing import ingest
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url, warehouse_url, with_password
from loyalty_lens.warehouse.connection import connect
from metabase.definition import Dashboard, Definition, read_definition
from metabase.preview.query import run_card

FILES = 1000
ROWS = 20
PEOPLE = 50
TABS = 3  # that each of them opens
LIMIT = 1.0  # seconds, p95 of a card


def main(demo: bool) -> None:
    """One line for the files, one for the people."""
    settings = Settings.from_environment(demo=demo)
    with (
        tempfile.TemporaryDirectory() as folder,
        throwaway_database(warehouse_url(settings)) as url,
    ):
        landing = Path(folder)
        _write(landing)
        for turn in ("new", "known"):
            started = time.perf_counter()
            report = ingest(url, landing, supersede_limit=settings.supersede_limit)
            seconds = time.perf_counter() - started
            sys.stdout.write(
                f"{FILES:,} files, {turn}: {len(report.loaded):,} loaded in {seconds:.1f} s,"
                f" {FILES / seconds:,.0f} a second\n"
            )
    seconds_of_cards = _people(with_password(bi_url(settings)))
    seconds_of_cards.sort()
    p95 = seconds_of_cards[int(len(seconds_of_cards) * 0.95)]
    sys.stdout.write(
        f"{PEOPLE} people, {len(seconds_of_cards):,} cards: median"
        f" {statistics.median(seconds_of_cards) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
        f" ({'met' if p95 < LIMIT else 'missed'}: {LIMIT * 1000:.0f} ms),"
        f" slowest {seconds_of_cards[-1] * 1000:.0f} ms\n"
    )


def _write(landing: Path) -> None:
    """Headers of a store's day each."""
    first = dt.date(2024, 1, 1)
    for number in range(FILES):
        day, store = first + dt.timedelta(number // 2), number % 2
        rows = "transaction_id,customer_id,store_id,transaction_date,total_amount\n" + "".join(
            f"T{number}-{row},C{row},S{store},{day},10\n" for row in range(ROWS)
        )
        folder = landing / str(day)
        folder.mkdir(exist_ok=True)
        (folder / f"store_sales_header_store{store}.csv").write_text(rows, "utf-8")


def _people(url: str) -> list[float]:
    """Seconds of every card, of tabs that people open one after the other, without a pause."""
    definition = read_definition()
    (dashboard,) = definition.dashboards
    with ThreadPoolExecutor(PEOPLE) as pool:
        visits = [
            pool.submit(_visit, url, definition, dashboard, random.Random(number))  # noqa: S311
            for number in range(PEOPLE)
        ]
        return [seconds for visit in visits for seconds in visit.result()]


def _visit(
    url: str, definition: Definition, dashboard: Dashboard, chance: random.Random
) -> list[float]:
    found = []
    with closing(connect(url, autocommit=True)) as connection:
        for tab in chance.sample(list(dashboard.tabs), TABS):
            for key in tab.card_keys():
                started = time.perf_counter()
                run_card(connection, definition.cards[key], {})
                found.append(time.perf_counter() - started)
                time.sleep(chance.uniform(0.05, 0.15))  # the page draws it
            time.sleep(chance.uniform(2, 6))  # and is looked at
    return found


if __name__ == "__main__":
    main("--demo" in sys.argv[1:])
