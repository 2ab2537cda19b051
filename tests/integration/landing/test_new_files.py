"""What a new file means: design section 2, for the same content, for events and for versions."""

import os
from typing import Any

import pytest

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


def test_a_copy_stays_skipped_when_its_original_is_superseded(shop: Any) -> None:
    shop.put("copy/store_sales_header.csv", shop.headers("T1", "T2"))
    shop.load(DAY, shop.headers("T1", "T2"))
    assert shop.load(DAY, shop.headers("T1", "T2", amount=2)).outcome == "loaded"
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 2


def test_both_forms_of_one_path_are_one_file(shop: Any) -> None:
    plain = shop.put(DAY, shop.headers("T1"))
    packed = shop.put(DAY + ".gz", shop.headers("T1", amount=2))
    os.utime(plain, (1, 1))
    os.utime(packed, (2, 2))
    for outcome in ("loaded", "skipped_same_content"):
        newer, older = shop.ingest().files
        assert (newer.path, newer.outcome) == (DAY + ".gz", outcome)
        assert (older.path, older.outcome) == (DAY, "ignored")
        assert "newer file of that path" in older.message


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
