"""Bad files, interruptions and company: one clear line each, nothing lost, the others go on."""

import gzip
import logging
import os
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.errors import LandingError, WarehouseError
from loyalty_lens.landing import loading
from loyalty_lens.landing.session import LOCK
from loyalty_lens.warehouse.connection import connect

GOOD = "store_id,store_name\nS1,x\n"
BAD = {
    "empty": (b"", "the file is empty; deliver it with a header row"),
    "no_header": (b"S1,Paris\nS2,Rome\n", "no header row: line 1 reads 'S1,Paris'"),
    "required": (b"store_name\nx\n", "line 1: required column is missing: store_id"),
    "twice": (b"store_id,Store ID\nS1,S1\n", "column store_id appears more than once"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "export as CSV"),
    "workbook": (b"PK\x03\x04\x14\0", "export as CSV"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_fails_in_one_line_and_stops_no_other(shop: Any, kind: str) -> None:
    content, said = BAD[kind]
    shop.put("2026-01-04/stores.csv", GOOD)
    shop.put("2026-01-06/stores.csv", GOOD + "S2,y\n")
    for _ in range(2):  # reported again, kept once
        report = shop.load("2026-01-05/stores.csv", content)
        assert (report.outcome, report.rows_read) == ("failed", 0)
        assert report.message.startswith("2026-01-05/stores.csv: ")
        assert said in report.message
        assert "\n" not in report.message
    assert list(shop.statuses().values()) == ["loaded", "failed", "loaded"]
    assert shop.rows("select message from ops.load_batches where status = 'failed'") == [
        (report.message,)
    ]
    assert shop.value("select count(*) from raw.stores") == 3


def test_a_repaired_file_settles_its_failure(shop: Any) -> None:
    shop.load("stores.csv", b"")
    assert shop.load("stores.csv", GOOD).outcome == "loaded"
    assert shop.rows("select status, superseded_by from ops.load_batches order by batch_id") == [
        ("superseded", 2),
        ("loaded", None),
    ]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[: len(data) // 2], "incomplete or damaged"),
        (lambda data: b"store_id\nS1\n", "not a gzip file"),
        (lambda data: data[:10] + bytes(20) + data[30:], "damaged"),
    ],
)
def test_a_damaged_gzip_file_fails(shop: Any, damage: Any, said: str) -> None:
    packed = gzip.compress((GOOD + "S2,y\n" * 5000).encode())
    location = shop.put("stores.csv.gz", "")
    location.write_bytes(damage(packed))
    for _ in range(2):
        (report,) = shop.ingest().files
        assert report.outcome == "failed"
        assert said in (report.message or "")
    assert len(shop.statuses()) == 1
    assert shop.value("select count(*) from raw.stores") == 0


def test_an_unreadable_file_fails(shop: Any) -> None:
    (shop.landing / "stores.csv").symlink_to(shop.landing / "nowhere.csv")
    shop.put("products.csv", "product_id\nP1\n")
    failed = [file for file in shop.ingest().files if file.outcome == "failed"]
    assert [file.message for file in failed] == [
        "stores.csv: cannot be read: No such file or directory"
    ]


def test_an_unreadable_folder_fails_and_keeps_what_is_known_of_it(
    shop: Any, monkeypatch: pytest.MonkeyPatch, warned: Any
) -> None:
    shop.put("locked/products.csv", b"")
    shop.load("stores.csv", GOOD)
    scandir = os.scandir

    def refusing(folder: Any) -> Any:
        if not isinstance(folder, int) and Path(folder) == shop.landing / "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    (folder,) = shop.ingest().problems
    assert (folder.path, folder.outcome) == ("locked", "failed")
    assert folder.message == (
        "locked: folder cannot be read: Permission denied; let this user read it, or take it away"
    )
    assert sorted(shop.statuses().values()) == ["failed", "failed", "loaded"]
    assert shop.ingest().problems == (folder,)
    monkeypatch.undo()
    shop.ingest()
    assert shop.statuses()[folder.batch_id] == "superseded"
    assert not warned()


def test_a_removed_file_is_no_problem_any_more(shop: Any) -> None:
    shop.put("locked/products.csv", b"")
    bad = shop.put("2026-01-05/stores.csv", b"")
    for _ in range(2):
        shop.load("stores.csv", GOOD)
        assert list(shop.statuses().values()) == ["loaded", "failed", "failed"]
    bad.unlink()
    shop.ingest()
    assert shop.rows("select path_key, status from ops.load_batches order by 1") == [
        ("2026-01-05/stores.csv", "superseded"),
        ("locked/products.csv", "failed"),
        ("stores.csv", "loaded"),
    ]
    shop.put("2026-01-05/stores.csv", b"")
    assert len(shop.ingest().problems) == 2
    assert sorted(shop.statuses().values()) == ["failed", "failed", "loaded", "superseded"]


def test_the_last_bad_file_may_be_removed_too(shop: Any) -> None:
    shop.load("stores.csv", b"")
    (shop.landing / "stores.csv").unlink()
    with pytest.raises(LandingError, match="no files below"):
        shop.ingest()
    assert list(shop.statuses().values()) == ["superseded"]


def test_no_files_are_an_error_only_for_an_empty_warehouse(shop: Any) -> None:
    with pytest.raises(LandingError, match=r"no files below .*customer_details\.csv"):
        shop.ingest()
    shop.put("budget.csv", GOOD)
    with pytest.raises(LandingError, match=r"none of the 1 files .*budget\.csv"):
        shop.ingest()
    shop.load("stores.csv", GOOD)
    (shop.landing / "stores.csv").unlink()
    (shop.landing / "budget.csv").unlink()
    report = shop.ingest()
    assert report.files == ()
    assert "stores" not in report.missing_data_sets


def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = shop.put("stores.csv", GOOD)
    copy_file = getattr(loading, "copy_file")  # noqa: B009 - not exported there

    def changing(*arguments: Any) -> Any:
        with location.open("a") as stream:
            stream.write("S2,y\n")
        return copy_file(*arguments)

    monkeypatch.setattr(loading, "copy_file", changing)
    (report,) = shop.ingest().files
    assert (report.outcome, shop.value("select count(*) from raw.stores")) == ("waiting", 0)
    assert report.message == (
        "stores.csv: changed while it was being read; it will be read in the next run"
    )
    assert shop.statuses() == {}
    monkeypatch.undo()
    (report,) = shop.ingest().files
    assert (report.outcome, report.rows_read) == ("loaded", 2)


@pytest.mark.parametrize("moment", ["_supersede_earlier", "_complete", "copy_file"])
def test_a_crash_leaves_nothing_half_loaded_and_the_next_run_heals(
    shop: Any, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = "2026-01-05/store_sales_header.csv"
    header = "transaction_id,store_id,transaction_date,total_amount\n"
    shop.load(path, header + "T1,S1,2026-01-05,1\n")
    step = getattr(loading, moment)

    def killed(*arguments: Any) -> Any:
        step(*arguments)
        with closing(connect(shop.url)) as other, other, other.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        return step(*arguments)

    monkeypatch.setattr(loading, moment, killed)
    with pytest.raises(WarehouseError, match="run lens ingest again"):
        shop.load(path, header + "T1,S1,2026-01-05,2\n")
    assert shop.statuses() == {1: "loaded"}
    assert shop.rows("select total_amount from raw.store_sales_header") == [("1",)]
    monkeypatch.undo()
    (report,) = shop.ingest().files
    assert (report.outcome, report.superseded) == ("loaded", (1,))


def test_a_second_ingest_waits_for_the_first(shop: Any, caplog: Any) -> None:
    shop.put("stores.csv", GOOD)
    reports: list[Any] = []
    with closing(connect(shop.url)) as first, caplog.at_level(logging.WARNING):
        first.cursor().execute("select pg_advisory_lock(%s)", (LOCK,))
        second = threading.Thread(target=lambda: reports.append(shop.ingest()))
        second.start()
        second.join(0.7)
        assert second.is_alive()
        assert shop.statuses() == {}
    second.join(20)
    assert [file.outcome for file in reports[0].files] == ["loaded"]
    assert "another ingest is running" in caplog.text


def test_a_warehouse_that_is_not_set_up_is_said_so(shop: Any) -> None:
    shop.put("stores.csv", GOOD)
    shop.url = shop.url.rsplit("/", 1)[0] + "/postgres"
    with pytest.raises(WarehouseError, match="run lens start"):
        shop.ingest()
