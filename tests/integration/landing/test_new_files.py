"""What a new file means: design section 2, for the same content, for events and for versions."""

import os
from typing import Any

import pytest

from loyalty_lens.landing import known_content
from loyalty_lens.landing.storage import LocalFile

DAY = "2026-01-05/store_sales_header.csv"


def outcomes(report: Any) -> list[str]:
    return [file.outcome for file in report.files]


# The same content ---------------------------------------------------------------------------------


def test_same_folder_twice_changes_nothing(shop: Any) -> None:
    shop.put("stores.csv", "store_id\nS1\n")
    shop.put("2026-01-05/stores.csv", "store_id\nS2\n")
    shop.put("2026-01-06/stores.csv", "store_id\nS1\n")
    shop.put(DAY, shop.headers("T1"))
    shop.put("2026-01-06/store_sales_header.csv.gz", shop.headers("T2"))
    assert outcomes(shop.ingest()) == ["loaded"] * 5
    before = shop.rows("select * from ops.load_batches order by 1")
    for _ in range(2):
        report = shop.ingest()
        assert outcomes(report) == ["skipped_same_content"] * 5
        assert report.rows_read == 0
        assert shop.rows("select * from ops.load_batches order by 1") == before
    assert shop.value("select count(*) from raw.stores") == 3


@pytest.mark.parametrize("copy", ["b/store_sales_header.csv", "store_sales_header_2026-02-01.csv"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_events_content_known_under_another_name_is_skipped(
    shop: Any, copy: str, suffix: str
) -> None:
    shop.load("store_sales_header_2026-01-05.csv", shop.headers("T1"))
    shop.rows("update ops.load_batches set status = 'validated'")
    report = shop.load(copy + suffix, shop.headers("T1"))
    assert (report.outcome, report.batch_id) == ("skipped_same_content", 1)
    assert "same content as batch 1" in (report.message or "")


@pytest.mark.parametrize("copy_day", ["2026-01-04", "2026-01-06"])
def test_a_copy_loads_once_its_original_is_corrected(shop: Any, copy_day: str) -> None:
    """The copy's rows are then in no other file that counts."""
    copy = f"{copy_day}/store_sales_header.csv"
    shop.load(DAY, shop.headers("T6", "T7"))
    assert shop.load(copy, shop.headers("T6", "T7")).outcome == "skipped_same_content"
    shop.put(DAY, shop.headers("T5"))
    reports = {file.path: file for file in shop.ingest(replace=1).files}
    assert reports[DAY].superseded == (1,)
    assert (reports[copy].outcome, reports[copy].rows_read) == ("loaded", 2)
    assert shop.statuses() == {1: "superseded", 2: "loaded", 3: "loaded"}
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 2


def put_both_forms(shop: Any, newer: str, older: str) -> None:
    os.utime(shop.put(DAY, older), (1, 1))
    os.utime(shop.put(DAY + ".gz", newer), (2, 2))


def test_two_files_at_one_path_are_a_problem_of_the_older_one(shop: Any, warned: Any) -> None:
    put_both_forms(shop, shop.headers("T1", amount=2), shop.headers("T1"))
    for outcome in ("loaded", "skipped_same_content"):
        newer, older = shop.ingest().files
        assert (newer.path, newer.outcome) == (DAY + ".gz", outcome)
        assert (older.path, older.outcome) == (DAY, "failed")
        assert older.message == (
            f"{DAY}: lies at one path with {DAY}.gz, of which only that one is read;"
            " rename or remove one of them"
        )
    assert shop.statuses() == {1: "loaded", older.batch_id: "failed"}
    assert not warned()


def test_the_second_file_at_a_path_is_settled_once_it_is_gone(shop: Any) -> None:
    put_both_forms(shop, shop.headers("T1", amount=2), shop.headers("T1"))
    _, older = shop.ingest().files
    (shop.landing / DAY).unlink()
    assert outcomes(shop.ingest()) == ["skipped_same_content"]
    assert shop.statuses() == {1: "loaded", older.batch_id: "superseded"}


def test_a_file_that_lies_as_it_lay_is_not_read_again(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_content, "SETTLED_NS", 0)
    path = shop.put(DAY, shop.headers("T1", amount=1))
    assert outcomes(shop.ingest()) == ["loaded"]
    with monkeypatch.context() as patched:
        patched.setattr(LocalFile, "open", lambda _: pytest.fail("it was read"))
        assert outcomes(shop.ingest()) == ["skipped_same_content"]
    modified = path.stat().st_mtime_ns
    shop.put(DAY, shop.headers("T1", amount=2))
    os.utime(path, ns=(modified, modified))  # as tools do that keep the time of the original
    assert outcomes(shop.ingest()) == ["loaded"]
    assert shop.statuses() == {1: "superseded", 2: "loaded"}


def test_two_files_at_one_path_with_the_same_content_are_one_delivery(shop: Any) -> None:
    put_both_forms(shop, shop.headers("T1"), shop.headers("T1"))
    assert outcomes(shop.ingest()) == ["loaded", "skipped_same_content"]
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 2


# Versions -----------------------------------------------------------------------------------------


def test_versions_overwritten_a_b_a_are_three_batches_and_never_supersede(shop: Any) -> None:
    for content in ("S1,A", "S1,B", "S1,A"):
        report = shop.load("stores.csv", f"store_id,store_name\n{content}\n")
        assert (report.outcome, report.superseded) == ("loaded", ())
    assert set(shop.statuses().values()) == {"loaded"}
    assert len(shop.statuses()) == 3


@pytest.mark.parametrize("name", ["other/stores.csv", "stores_2026-01-06.csv"])
def test_versions_equal_to_the_newest_are_skipped_under_any_name(shop: Any, name: str) -> None:
    shop.load("2026-01-04/stores.csv", "store_id\nS1\n")
    shop.load("2026-01-05/stores.csv", "store_id\nS2\n")
    assert shop.load(name, "store_id\nS2\n").outcome == "skipped_same_content"
    assert shop.load("stores_2026-01-07.csv", "store_id\nS1\n").outcome == "loaded"


def test_undated_versions_equal_to_the_newest_are_skipped(shop: Any) -> None:
    shop.load("stores.csv", "store_id\nS1\n")
    assert shop.load("stores_2026-01-05.csv", "store_id\nS1\n").outcome == "skipped_same_content"


def test_late_versions_are_compared_with_their_predecessor(shop: Any) -> None:
    """In whatever order days arrive, the history of versions ends the same (invariant 3)."""
    shop.load("2026-01-05/stores.csv", "store_id\nS1\n")
    shop.load("2026-01-07/stores.csv", "store_id\nS2\n")
    assert shop.load("2026-01-06/stores.csv", "store_id\nS2\n").outcome == "loaded"
    assert shop.load("2026-01-08/stores.csv", "store_id\nS2\n").outcome == "skipped_same_content"
    assert shop.load("2026-01-04/stores.csv", "store_id\nS1\n").outcome == "loaded"


def test_skipped_versions_are_not_delivered_anew_when_a_newer_one_arrives(shop: Any) -> None:
    shop.load("stores.csv", "store_id\nS1\n")
    assert shop.load("backup/stores.csv", "store_id\nS1\n").outcome == "skipped_same_content"
    shop.load("stores.csv", "store_id\nS2\n")
    assert shop.ingest().rows_read == 0


def test_a_skipped_version_loads_when_another_arrives_late_before_it(shop: Any) -> None:
    """A, B, A are three versions, in whatever order the days arrive (invariant 3)."""
    shop.load("2026-01-01/stores.csv", "store_id,store_name\nS1,A\n")
    late = shop.load("2026-01-03/stores.csv", "store_id,store_name\nS1,A\n")
    assert late.outcome == "skipped_same_content"
    shop.put("2026-01-02/stores.csv", "store_id,store_name\nS1,B\n")
    assert outcomes(shop.ingest()) == ["skipped_same_content", "loaded", "loaded"]
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 3


def test_a_skipped_version_stays_skipped_when_its_own_day_is_corrected(shop: Any) -> None:
    shop.load("2026-01-04/stores.csv", "store_id,store_name\nS1,X\n")
    shop.load("2026-01-05/stores.csv", "store_id,store_name\nS1,A\n")
    shop.load("old/2026-01-05/stores.csv", "store_id,store_name\nS1,A\n")
    shop.put("2026-01-05/stores.csv", "store_id,store_name\nS1,B\n")
    skipped = "skipped_same_content"
    assert outcomes(shop.ingest()) == [skipped, "loaded", skipped]
    assert outcomes(shop.ingest()) == [skipped] * 3
