"""Files that are still being written wait for the next run, and never are an error."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.landing.arrival import Arrival

GOOD = "store_id,store_name\nS1,x\n"
SETTLE = Arrival(settle_seconds=0.4)


def outcomes(report: Any) -> dict[str, str]:
    return {file.path: file.outcome for file in report.files}


def age(location: Path, seconds: float) -> None:
    os.utime(location, (time.time() - seconds,) * 2)


def test_a_young_file_that_stays_as_it_is_loads_at_once(shop: Any) -> None:
    shop.put("stores.csv", GOOD)
    assert outcomes(shop.ingest(arrival=SETTLE)) == {"stores.csv": "loaded"}


def test_a_file_that_grows_waits_and_the_others_load(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = shop.put("products.csv", "product_id\n")
    shop.put("stores.csv", GOOD)

    def meanwhile(_: float) -> None:
        with growing.open("a") as stream:
            stream.write("P1\n")

    monkeypatch.setattr(time, "sleep", meanwhile)
    report = shop.ingest(arrival=SETTLE)
    assert outcomes(report) == {"products.csv": "waiting", "stores.csv": "loaded"}
    assert report.problems == ()
    assert report.as_dict()["files_waiting"] == 1
    (waiting,) = report.with_outcome("waiting")
    assert waiting.message == (
        "products.csv: is still being written; it will be read in the next run"
    )
    assert set(shop.statuses().values()) == {"loaded"}
    monkeypatch.undo()
    report = shop.ingest(arrival=SETTLE)
    assert outcomes(report)["products.csv"] == "loaded"


def test_a_file_written_slowly_is_never_read_in_part(shop: Any) -> None:
    """A writer in a second thread; whatever is loaded is the whole file."""
    location = shop.put("stores.csv", "store_id\n")

    def write() -> None:
        for number in range(12):
            with location.open("a") as stream:
                stream.write(f"S{number}\n")
            time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    assert outcomes(shop.ingest(arrival=SETTLE)) == {"stores.csv": "waiting"}
    writer.join()
    (report,) = shop.ingest(arrival=SETTLE).files
    assert (report.outcome, report.rows_read) == ("loaded", 12)


def test_older_files_and_files_of_the_future_cost_no_pause(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(shop.put("stores.csv", GOOD), 5)
    age(shop.put("products.csv", "product_id\nP1\n"), -3600)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("paused"))
    assert set(outcomes(shop.ingest(arrival=SETTLE)).values()) == {"loaded"}


def test_a_new_warehouse_with_waiting_files_alone_is_no_error(shop: Any) -> None:
    shop.put("stores.csv", GOOD)
    (report,) = shop.ingest(arrival=Arrival(marker=".done")).files
    assert (report.outcome, report.message) == (
        "waiting",
        "stores.csv: waits for stores.csv.done; it will be read in the next run",
    )
    assert shop.statuses() == {}


def test_a_waiting_file_keeps_its_failure_open(shop: Any) -> None:
    shop.load("stores.csv", b"")
    shop.ingest(arrival=Arrival(marker=".done"))
    assert list(shop.statuses().values()) == ["failed"]


@pytest.mark.parametrize(
    ("marker", "ready"),
    [
        (".done", {"a/stores.csv"}),
        ("_SUCCESS", {"b/stores.csv.gz", "b/products.csv"}),
    ],
)
def test_with_a_marker_only_what_its_sender_has_finished_is_loaded(
    shop: Any, marker: str, ready: set[str]
) -> None:
    shop.put("a/stores.csv", GOOD)
    shop.put("a/stores.csv.done", "")
    shop.put("b/stores.csv.gz", GOOD + "S2,y\n")
    shop.put("b/products.csv", "product_id\nP1\n")
    shop.put("b/_SUCCESS", "")
    shop.put("notes.txt", "")
    found = outcomes(shop.ingest(arrival=Arrival(marker=marker)))
    everything = {"a/stores.csv", "b/stores.csv.gz", "b/products.csv"}
    assert {path for path, outcome in found.items() if outcome == "loaded"} == ready
    assert {path for path, outcome in found.items() if outcome == "waiting"} == everything - ready
    assert found["notes.txt"] == "ignored"


def test_a_gzip_file_that_is_cut_short_while_it_grows_waits(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = shop.put("stores.csv.gz", GOOD + "S2,y\n" * 5000)
    whole = location.read_bytes()
    location.write_bytes(whole[: len(whole) // 2])
    age(location, 5)
    opened = type(location).open

    def growing(path: Path, *arguments: Any, **options: Any) -> Any:
        stream = opened(path, *arguments, **options)
        if path == location and "r" in str(arguments):
            age(location, 0)
        return stream

    monkeypatch.setattr(Path, "open", growing)
    assert outcomes(shop.ingest()) == {"stores.csv.gz": "waiting"}
    monkeypatch.undo()
    location.write_bytes(whole)
    assert outcomes(shop.ingest()) == {"stores.csv.gz": "loaded"}
