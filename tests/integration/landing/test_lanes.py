"""Much to load goes by two lanes: the same comes of it, and an error in one loses nothing."""

import logging
import threading
import time
from typing import Any

import pytest

from loyalty_lens.errors import WarehouseError
from loyalty_lens.landing import lanes, loading
from tests.integration.landing.conftest import EMPTY

KEPT = (
    "select batches.source_file, batches.data_set, batches.status, batches.rows_read,"
    " batches.rows_malformed, batches.sha256, newer.source_file,"
    " rank() over (partition by batches.data_set order by batches.batch_id) as place"
    " from ops.load_batches as batches"
    " left join ops.load_batches as newer on batches.superseded_by = newer.batch_id"
    " order by batches.source_file, batches.status, batches.sha256"
)
ROWS = (
    "select batches.source_file, batches.sha256, rows._row_number, rows.{},"
    " rows._extra::text from raw.{} as rows"
    " inner join ops.load_batches as batches on rows._batch_id = batches.batch_id"
    " order by 1, 2, 3"
)
DAYS = range(1, 7)


def deliver(shop: Any) -> None:
    """Six days of four data sets, one file with a column more, one with a record that is broken."""
    shop.put("stores.csv", "store_id,store_name\nS1,Paris\n")
    shop.put("products.csv", "product_id,product_name,colour\nP1,Tea,green\nP2,Ink,\n")
    for day in DAYS:
        keys = [f"T{day}{number}" for number in range(40)]
        shop.put(f"store_sales_header_2026-01-0{day}.csv", shop.headers(*keys))
        broken = '9,"T10,P1\n' if day == 2 else ""
        shop.put(f"store_sales_line_items_2026-01-0{day}.csv", shop.lines(*keys) + broken)


def outcome(shop: Any) -> list[Any]:
    tables = [
        ("product_id", "products"),
        ("transaction_id", "store_sales_header"),
        ("transaction_id", "store_sales_line_items"),
    ]
    return [shop.rows(KEPT), *(shop.rows(ROWS.format(*each)) for each in tables)]


def test_two_lanes_load_what_one_loads(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = []
    for much in (1 << 40, 0):
        monkeypatch.setattr(lanes, "MUCH", much)
        shop.rows(EMPTY)
        deliver(shop)
        first = shop.ingest()
        # A corrected day takes its place, an unchanged one stays, in both ways.
        shop.put(
            "store_sales_header_2026-01-03.csv",
            shop.headers(*(f"T3{number}" for number in range(40)), amount=2),
        )
        second = shop.ingest()
        reports = [
            [(file.path, file.outcome, file.rows_read) for file in report.files]
            for report in (first, second)
        ]
        outcomes.append([reports, *outcome(shop)])
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][3]) == 40 * (len(DAYS) + 1)


def test_much_of_one_data_set_or_little_of_two_goes_by_one_lane(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []
    connect = lanes.connect
    monkeypatch.setattr(
        lanes, "connect", lambda url, **more: connected.append(url) or connect(url, **more)
    )
    deliver(shop)
    shop.ingest()
    assert not connected  # little
    monkeypatch.setattr(lanes, "MUCH", 0)
    for file in shop.landing.iterdir():
        file.unlink()
    shop.put("store_sales_header_2026-01-07.csv", shop.headers("T7"))
    shop.ingest()
    assert not connected  # one data set is new
    shop.put("store_sales_header_2026-01-08.csv", shop.headers("T8"))
    shop.put("store_sales_line_items_2026-01-08.csv", shop.lines("T8"))
    shop.ingest()
    assert len(connected) == 1


@pytest.mark.parametrize("broken", ["store_sales_header", "store_sales_line_items"])
def test_a_lane_that_breaks_ends_the_other_and_the_next_run_heals(
    shop: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    """The server ends the session in the middle of the third day of one data set."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(lanes, "MUCH", 0)
    deliver(shop)
    copy = loading.copy_file
    has_ended = threading.Event()

    def breaking(cursor: Any, file: Any, *others: Any) -> Any:
        if file.path == f"{broken}_2026-01-03.csv":
            cursor.execute("select pg_backend_pid()")
            (backend,) = cursor.fetchone()
            shop.rows("select pg_terminate_backend(%s, 5000)", backend)
            has_ended.set()
        elif file.path.endswith("_2026-01-04.csv"):
            assert has_ended.wait(30)
            time.sleep(1)  # for the other lane to notice
        return copy(cursor, file, *others)

    monkeypatch.setattr(loading, "copy_file", breaking)
    with pytest.raises(WarehouseError, match="landing broke off"):
        shop.ingest()
    assert shop.value("select max(file_date)::text from ops.load_batches") == "2026-01-04"
    monkeypatch.undo()
    monkeypatch.setattr(lanes, "MUCH", 0)
    shop.ingest()
    for table in ("store_sales_header", "store_sales_line_items"):
        (found,) = shop.rows(
            f"select count(*), count(distinct (_batch_id, _row_number)),"
            f" count(distinct transaction_id) from raw.{table}"
        )
        assert found == (40 * len(DAYS),) * 3
    assert not [report for report in shop.ingest().files if report.outcome == "loaded"]
