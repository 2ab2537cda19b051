"""What a day should bring: learned from the week before, or named; and the wait for it."""

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loyalty_lens.landing import ingest
from loyalty_lens.landing.expected import expected, missing, still_to_come
from loyalty_lens.scheduling import files_trigger
from loyalty_lens.scheduling.files_trigger import FilesTrigger
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected

HEADER = "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
STOCK = "inventory_date,store_id,product_id,stock_on_hand\n"
DAY = dt.date(2026, 1, 7)


@pytest.fixture(scope="module")
def shop(settings: Settings) -> Iterator[Settings]:
    """Two days with sales and stock, a master and an undated file of events."""
    for number in (5, 6):
        write(settings, f"2026-01-0{number}/store_sales_header.csv", HEADER + row(number))
        stock = STOCK + f"2026-01-0{number},S,P,1\n"
        write(settings, f"2026-01-0{number}/store_inventory.csv", stock)
    write(settings, "2026-01-06/stores.csv", "store_id\nS\n")
    write(
        settings,
        "points_events.csv",
        "event_id,customer_id,event_type,points,event_at\nE,C,ADJUST,1,2026-01-06\n",
    )
    load(settings)
    yield settings


def row(number: int) -> str:
    return f"T{number},C,S,2026-01-0{number},10\n"


def write(settings: Settings, path: str, text: str) -> Path:
    place = settings.landing / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    return place


def load(settings: Settings) -> None:
    assert settings.database_url
    ingest(settings.database_url, settings.landing, supersede_limit=settings.supersede_limit)


def asked(settings: Settings, day: dt.date = DAY) -> tuple[list[str], list[str], list[str]]:
    """What `day` should bring, what was not loaded for it, and what does not lie there either."""
    with connected(settings.database_url or "") as connection:
        return (
            expected(connection, settings, day),
            missing(connection, settings, day),
            still_to_come(connection, settings, day),
        )


def test_a_day_is_held_against_the_week_before(shop: Settings) -> None:
    daily = ["store_sales_header", "store_inventory"]
    assert asked(shop) == (daily, daily, daily)
    assert asked(shop, dt.date(2026, 1, 6))[1] == []  # came
    assert asked(shop, dt.date(2026, 2, 1)) == ([], [], [])  # no habit any more
    named = replace(shop, expected=("store_sales_line_items",))
    assert asked(named) == (["store_sales_line_items"],) * 3


def test_a_file_that_lies_there_has_come_once_it_is_complete(shop: Settings) -> None:
    name = "2026-01-07/store_sales_header.csv"
    file = write(shop, name, HEADER + row(7))
    assert asked(shop)[2] == ["store_inventory"]
    marked = replace(shop, marker=".done")
    assert asked(marked)[2] == ["store_sales_header", "store_inventory"]
    (file.parent / "store_sales_header.csv.done").touch()
    assert asked(marked)[2] == ["store_inventory"]
    file.unlink()
    undated = write(shop, "store_sales_header_more.csv", HEADER + row(7))
    assert asked(shop)[2] == ["store_inventory"]
    load(shop)
    undated.unlink()
    with connected(shop.database_url or "") as connection:  # as the gate does
        connection.cursor().execute(
            "update ops.load_batches set last_business_date = %s where source_file = %s",
            (DAY, undated.name),
        )
    assert asked(shop)[1:] == (["store_inventory"], ["store_inventory"])  # loaded, by its rows


def test_the_wait_ends_when_all_is_there_and_at_the_deadline(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "LENS_DATABASE_URL": shop.database_url or "",
        "LENS_LANDING": str(shop.landing),
        "LENS_HOME": str(shop.home),
        "LENS_SETTLE_SECONDS": "0",
    }.items():
        monkeypatch.setenv(name, value)

    def waited(seconds: float, *, comes_after: float | None = None) -> tuple[list[str], float]:
        async def first_event() -> list[str]:
            deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
            trigger = FilesTrigger(DAY.isoformat(), deadline.isoformat(), poll_seconds=0.1)
            path, arguments = trigger.serialize()
            assert path == f"{files_trigger.__name__}.FilesTrigger"
            again = FilesTrigger(**arguments)
            if comes_after is not None:
                asyncio.get_running_loop().call_later(
                    comes_after, write, shop, "2026-01-07/store_inventory.csv", STOCK
                )
            async for event in again.run():
                return list(event.payload["missing"])
            raise AssertionError

        started = time.monotonic()
        return asyncio.run(first_event()), time.monotonic() - started

    absent, seconds = waited(0.5)
    assert absent == ["store_inventory"] and seconds >= 0.5
    absent, seconds = waited(60, comes_after=0.3)
    assert absent == [] and 0.3 <= seconds < 50
