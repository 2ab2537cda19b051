"""Files that take the place of others, the limit that stops them, and --replace."""

from decimal import Decimal
from typing import Any

import pytest

from loyalty_lens.errors import LandingError

DAY = "2026-01-05/store_sales_header.csv"


def outcomes(report: Any) -> list[str]:
    return [file.outcome for file in report.files]


def validate_all(shop: Any) -> None:
    """As the gate leaves batches behind."""
    shop.rows("update ops.load_batches set status = 'validated' where status = 'loaded'")


def reject(shop: Any, data_set: str, batch: int, row: int, status: str) -> None:
    shop.rows(
        f"insert into reject.{data_set} (_batch_id, _row_number, _loaded_at, rule_ids, errors,"
        f" status) values ({batch}, {row}, now(), '{{duplicate_key}}', '[]', '{status}')"
    )


def duplicate(shop: Any, data_set: str, batch: int, original: int) -> None:
    shop.rows("insert into ops.duplicates values (%s, %s, 1, %s, 1)", data_set, batch, original)


# Supersession -------------------------------------------------------------------------------------


def test_a_dated_file_supersedes_its_own_path_whatever_its_compression(shop: Any) -> None:
    shop.put("2026-01-05/north/store_sales_header.csv", shop.headers("T8"))
    shop.load(DAY, shop.headers("T1", "T2"))
    (shop.landing / DAY).unlink()
    report = shop.load(DAY + ".gz", shop.headers("T1", "T2", amount=2))
    assert (report.outcome, report.superseded) == ("loaded", (2,))
    assert shop.rows("select batch_id, status, superseded_by from ops.load_batches order by 1") == [
        (1, "loaded", None),
        (2, "superseded", 3),
        (3, "loaded", None),
    ]
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 2


def test_the_content_before_may_come_back(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1"))
    shop.load(DAY, shop.headers("T1", amount=2))
    assert shop.load(DAY, shop.headers("T1")).superseded == (2,)
    assert shop.statuses() == {1: "superseded", 2: "superseded", 3: "loaded"}


def test_a_path_takes_over_content_that_is_live_elsewhere(shop: Any) -> None:
    shop.load("b_2026-01-05/store_sales_header.csv", shop.headers("T1", amount=2))
    shop.load(DAY, shop.headers("T1"))
    assert shop.load(DAY, shop.headers("T1", amount=2)).superseded == (2,)


@pytest.mark.parametrize("path", ["store_sales_header.csv", "x/store_sales_header_new.csv"])
def test_an_undated_file_never_supersedes(shop: Any, path: str) -> None:
    shop.load(path, shop.headers("T1"))
    assert shop.load(path, shop.headers("T1", amount=2)).superseded == ()
    assert shop.statuses() == {1: "loaded", 2: "loaded"}


def test_superseding_closes_what_the_old_batch_left(shop: Any) -> None:
    shop.load("2026-01-04/store_sales_header.csv", shop.headers("T0"))
    shop.load(DAY, shop.headers("T1", "T2", "T3"))
    validate_all(shop)
    for row, status in enumerate(("open", "waived", "replayed"), 1):
        reject(shop, "store_sales_header", 2, row, status)
    reject(shop, "store_sales_header", 1, 1, "open")
    duplicate(shop, "store_sales_header", 2, 1)
    shop.load(DAY, shop.headers("T1", "T2", "T3", amount=2))
    assert shop.rows(
        "select _batch_id, status, resolved_at is not null from reject.store_sales_header"
        " order by _batch_id, _row_number"
    ) == [
        (1, "open", False),
        (2, "superseded", True),
        (2, "waived", False),
        (2, "replayed", False),
    ]
    assert shop.rows("select * from ops.duplicates") == []
    assert shop.statuses() == {1: "validated", 2: "superseded", 3: "loaded"}


def test_what_had_lost_to_the_old_batch_is_judged_again(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1", "T2", "T3", "T4", "T5"))
    shop.load("store_sales_header.csv", shop.headers("T1", "T9"))
    shop.load("b/store_sales_header.csv", shop.headers("T8"))
    shop.load(
        "points_events.csv", "event_id,customer_id,event_type,points,event_at\nE,C,ADJUST,1,x\n"
    )
    validate_all(shop)
    duplicate(shop, "store_sales_header", 2, 1)
    duplicate(shop, "store_sales_header", 3, 2)
    duplicate(shop, "points_events", 4, 1)  # a number alone is no relation
    shop.load(DAY, shop.headers("T2", "T3", "T4", "T5"))
    assert shop.statuses() == {
        1: "superseded",
        2: "loaded",
        3: "validated",
        4: "validated",
        5: "loaded",
    }


def test_what_refers_to_the_old_transactions_is_judged_again(shop: Any) -> None:
    points = "event_id,customer_id,event_type,points,event_at,transaction_id\nE1,C1,REDEEM,1,x,"
    shop.load(DAY, shop.headers("1", "2", "3", "4", "5"))
    shop.load("store_sales_line_items_a.csv", shop.lines("7", "1.0"))
    shop.load("store_sales_line_items_b.csv", shop.lines("8"))
    shop.load("points_events_a.csv", points + " 2 \n")
    shop.load("points_events_b.csv", points + "9\n")
    shop.load("store_sales_header_a.csv", shop.headers("21", original="3"))
    shop.load("store_sales_header_b.csv", shop.headers("22", original="31"))
    validate_all(shop)
    shop.load(DAY, shop.headers("1", "2", "3", "4"))
    again = [batch for batch, status in shop.statuses().items() if status == "loaded"]
    assert again == [2, 4, 6, 8]


def test_superseded_lines_leave_headers_alone(shop: Any) -> None:
    shop.load(DAY, shop.headers("1"))
    shop.load("2026-01-05/store_sales_line_items.csv", shop.lines("1"))
    validate_all(shop)
    assert shop.load("2026-01-05/store_sales_line_items.csv", shop.lines("1", "1")).superseded == (
        2,
    )
    assert shop.statuses() == {1: "validated", 2: "superseded", 3: "loaded"}


# The limit ----------------------------------------------------------------------------------------

FIVE = ("T1", "T2", "T3", "T4", "T5")


def test_removing_a_fifth_of_the_keys_is_allowed_and_more_is_stopped(shop: Any) -> None:
    shop.load(DAY, shop.headers(*FIVE))
    assert shop.load(DAY, shop.headers(*FIVE[1:], "T9")).outcome == "loaded"
    report = shop.load(DAY, shop.headers(*FIVE[3:]))
    assert report.outcome == "stopped"
    assert "would remove 3 of the 5 keys of batch 2, more than 20%" in report.message
    assert "lens ingest --replace 2" in report.message
    assert shop.statuses() == {1: "superseded", 2: "loaded", report.batch_id: "failed"}
    assert shop.value("select count(*) from raw.store_sales_header where _batch_id > 2") == 0
    for _ in range(2):
        assert shop.load(DAY, shop.headers(*FIVE[3:])).outcome == "stopped"
    assert len(shop.statuses()) == 3


def test_keys_are_compared_as_the_gate_reads_them(shop: Any) -> None:
    header = "inventory_date,store_id,product_id,stock_on_hand\n"
    path = "2026-01-05/store_inventory.csv"
    shop.load(path, header + "2026-01-05,1,2,5\n2026-01-05,,2,5\n")
    assert shop.load(path, header + "05/01/2026, 1.0 ,2.0,6\n").outcome == "loaded"
    assert shop.load(path, header + "06/01/2026,1,2,6\n").outcome == "stopped"


def test_the_limit_is_a_setting(shop: Any) -> None:
    shop.limit = Decimal("0.5")
    shop.load(DAY, shop.headers("T1", "T2"))
    assert shop.load(DAY, shop.headers("T1")).outcome == "loaded"
    shop.limit = Decimal(0)
    shop.load(DAY, shop.headers("T1", "T2"))
    assert shop.load(DAY, shop.headers("T1")).outcome == "stopped"


def test_a_restored_file_settles_the_stopped_one(shop: Any) -> None:
    shop.load(DAY, shop.headers(*FIVE))
    shop.load(DAY, shop.headers("T1"))
    assert shop.load(DAY, shop.headers(*FIVE)).outcome == "skipped_same_content"
    assert shop.rows("select status, superseded_by from ops.load_batches order by 1 desc") == [
        ("superseded", 1),
        ("loaded", None),
    ]


# --replace ----------------------------------------------------------------------------------------


def test_replace_lets_a_stopped_file_through(shop: Any) -> None:
    shop.load(DAY, shop.headers(*FIVE))
    shop.load(DAY, shop.headers("T1"))
    report = shop.load(DAY, shop.headers("T1"), replace=1)
    assert (report.outcome, report.superseded) == ("loaded", (1,))
    assert list(shop.statuses().values()) == ["superseded", "superseded", "loaded"]
    assert shop.ingest().rows_read == 0


def test_replace_takes_the_only_new_file_and_the_old_one_stays_out(shop: Any) -> None:
    shop.load("store_sales_header.csv", shop.headers(*FIVE))
    shop.put("store_sales_line_items.csv", shop.lines("T1"))
    assert shop.load("fix/store_sales_header.csv", shop.headers("T1"), replace=1).superseded == (1,)
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 3
    assert shop.statuses()[1] == "superseded"


def test_replace_works_after_the_correction_was_loaded(shop: Any) -> None:
    shop.load("store_sales_header.csv", shop.headers("T1"))
    shop.load("store_sales_header.csv", shop.headers("T1", amount=2))
    validate_all(shop)
    reject(shop, "store_sales_header", 2, 1, "open")
    shop.ingest(replace=1)
    assert shop.statuses() == {1: "superseded", 2: "loaded"}


def test_replace_finds_the_later_batch_with_the_same_keys(shop: Any) -> None:
    shop.load("a/store_sales_header.csv", shop.headers("T1"))
    shop.load("b/store_sales_header.csv", shop.headers("T2"))
    shop.load("c/store_sales_header.csv", shop.headers("T1", amount=2))
    shop.ingest(replace=1)
    assert shop.statuses() == {1: "superseded", 2: "loaded", 3: "loaded"}


def test_replace_says_what_it_cannot_do_and_loads_nothing(shop: Any) -> None:
    shop.load("store_sales_header.csv", shop.headers("T1"))
    shop.load("stores.csv", "store_id\nS1\n")
    with pytest.raises(LandingError, match="--replace 9: there is no such batch"):
        shop.ingest(replace=9)
    shop.put("stores.csv", "store_id\nS2\n")
    with pytest.raises(LandingError, match="--replace 2: stores keeps every version"):
        shop.ingest(replace=2)
    (shop.landing / "store_sales_header.csv").unlink()
    with pytest.raises(LandingError, match="no store_sales_header file to take its place"):
        shop.ingest(replace=1)
    shop.put("b/store_sales_header.csv", shop.headers("T2"))
    shop.put("c/store_sales_header.csv", shop.headers("T3"))
    with pytest.raises(LandingError, match=r"more than one .*b/store_sales.*c/store_sales"):
        shop.ingest(replace=1)
    assert shop.statuses() == {1: "loaded", 2: "loaded"}
    shop.rows("update ops.load_batches set status = 'superseded' where batch_id = 1")
    with pytest.raises(LandingError, match="is superseded already"):
        shop.ingest(replace=1)
