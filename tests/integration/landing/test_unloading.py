"""`lens unload`: a batch is taken out with nothing in its place, and stays out."""

from typing import Any

import pytest

from loyalty_lens.errors import LandingError, StewardshipError
from loyalty_lens.landing.unloading import unload

DAY = "2026-01-05/store_sales_header.csv"


def outcomes(report: Any) -> list[str]:
    return [file.outcome for file in report.files]


def validate_all(shop: Any) -> None:
    shop.rows("update ops.load_batches set status = 'validated' where status = 'loaded'")


def reject(shop: Any, batch: int, row: int, status: str) -> None:
    shop.rows(
        f"insert into reject.store_sales_header (_batch_id, _row_number, _loaded_at, rule_ids,"
        f" errors, status) values ({batch}, {row}, now(), '{{bad_date}}', '[]', '{status}')"
    )


def test_unloading_closes_the_batch_and_says_why(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1", "T2"))
    validate_all(shop)
    reject(shop, 1, 1, "open")
    reject(shop, 1, 2, "waived")
    done = unload(shop.url, 1, " the till\n was in training mode ")
    assert (done.source_file, done.rows_read, done.batches_to_judge) == (DAY, 2, 0)
    assert shop.statuses() == {1: "unloaded"}
    assert shop.rows("select status from reject.store_sales_header order by _row_number") == [
        ("superseded",),
        ("waived",),
    ]
    assert shop.value("select count(*) from raw.store_sales_header") == 2
    assert shop.value("select count(*) from accepted.store_sales_header") == 0
    assert shop.rows("select action, reason, batch_id, data_set, details from ops.audit_log") == [
        (
            "unload",
            "the till was in training mode",
            1,
            "store_sales_header",
            {"source_file": DAY, "rows_read": 2},
        )
    ]


def test_what_had_lost_to_it_or_refers_to_it_is_judged_again(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1", "T2"))
    shop.load("store_sales_header.csv", shop.headers("T1", "T9"))
    shop.load("store_sales_line_items.csv", shop.lines("T2"))
    shop.load("other/store_sales_line_items.csv", shop.lines("T8"))
    validate_all(shop)
    shop.rows("insert into ops.duplicates values ('store_sales_header', 2, 1, 1, 1)")
    assert unload(shop.url, 1, "wrong").batches_to_judge == 2
    assert shop.statuses() == {1: "unloaded", 2: "loaded", 3: "loaded", 4: "validated"}


def test_without_a_master_what_may_refer_to_it_is_judged_again(shop: Any) -> None:
    shop.load("customer_details.csv", "customer_id\nC1\n")
    shop.load(DAY, shop.headers("T1"))
    shop.load(
        "2026-01-05/store_inventory.csv", "inventory_date,store_id,product_id,stock_on_hand\n"
    )
    validate_all(shop)
    unload(shop.url, 1, "wrong")
    assert shop.statuses() == {1: "unloaded", 2: "loaded", 3: "validated"}


def test_the_file_and_its_copies_stay_out_while_they_lie_there(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1"))
    shop.load("copy/store_sales_header.csv", shop.headers("T1"))
    unload(shop.url, 1, "wrong")
    for _ in range(2):
        assert outcomes(shop.ingest()) == ["skipped_same_content"] * 2
    assert shop.load(DAY, shop.headers("T1")).outcome == "skipped_same_content"  # delivered anew
    assert shop.statuses() == {1: "unloaded"}


def test_a_version_and_its_copies_stay_out(shop: Any) -> None:
    shop.load("stores.csv", "store_id\nS1\n")
    shop.load("copy/stores.csv", "store_id\nS1\n")
    unload(shop.url, 1, "wrong")
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 2


def test_other_content_at_its_path_is_a_new_delivery(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1", "T2", "T3"))
    unload(shop.url, 1, "wrong")
    report = shop.load(DAY, shop.headers("T1"))  # nothing is left that it could remove
    assert (report.outcome, report.superseded) == ("loaded", ())
    assert shop.statuses() == {1: "unloaded", 2: "loaded"}


def test_the_same_content_under_another_name_is_a_new_delivery(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1"))
    unload(shop.url, 1, "wrong")
    assert shop.load("again/store_sales_header.csv", shop.headers("T1")).outcome == "loaded"


@pytest.mark.parametrize("path", [DAY, "store_sales_header.csv.gz", "stores.csv"])
def test_replace_brings_it_back_and_judges_it_afresh(shop: Any, path: str) -> None:
    content = "store_id\nS1\n" if path == "stores.csv" else shop.headers("T1")
    shop.load(path, content)
    validate_all(shop)
    reject(shop, 1, 1, "open")
    unload(shop.url, 1, "wrong")
    report = {file.path: file for file in shop.ingest(replace=1, reason="right after all").files}
    assert (report[path].outcome, report[path].superseded) == ("loaded", (1,))
    assert shop.statuses() == {1: "superseded", 2: "loaded"}
    assert shop.rows("select * from reject.store_sales_header where _batch_id = 2") == []
    assert shop.rows("select action, reason, batch_id, details from ops.audit_log order by 1") == [
        ("replace", "right after all", 1, {"replaced_by": 2}),
        ("unload", "wrong", 1, {"source_file": path, "rows_read": 1}),
    ]
    assert outcomes(shop.ingest()) == ["skipped_same_content"]


def test_a_replacement_by_a_loaded_batch_is_audited_too(shop: Any) -> None:
    shop.load("store_sales_header.csv", shop.headers("T1"))
    shop.load("store_sales_header.csv", shop.headers("T1", amount=2))
    shop.ingest(replace=1)
    assert shop.rows("select action, reason, details from ops.audit_log") == [
        ("replace", "none given", {"replaced_by": 2})
    ]


def test_a_held_batch_can_be_unloaded(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1"))
    shop.rows("update ops.load_batches set status = 'held'")
    unload(shop.url, 1, "wrong")
    assert shop.statuses() == {1: "unloaded"}


def test_unloading_repairs_opens_the_repaired_rows_again(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1", "T2"))
    shop.load("repair/store_sales_header.csv", shop.headers("T3"))
    validate_all(shop)
    shop.rows("update ops.load_batches set repairs_batch = 1 where batch_id = 2")
    reject(shop, 1, 1, "superseded")
    unload(shop.url, 2, "wrong")
    assert shop.rows("select status, resolved_at from reject.store_sales_header") == [
        ("open", None)
    ]
    assert shop.statuses() == {1: "validated", 2: "unloaded"}


def test_unload_says_what_it_cannot_do_and_changes_nothing(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1"))
    shop.load(DAY, shop.headers("T1", amount=2))
    before = shop.statuses()
    with pytest.raises(LandingError, match="unload 9: there is no such batch"):
        unload(shop.url, 9, "x")
    with pytest.raises(LandingError, match=r"superseded already; of its path batch 2 counts"):
        unload(shop.url, 1, "x")
    with pytest.raises(StewardshipError, match="--reason is empty"):
        unload(shop.url, 2, " ")
    assert shop.statuses() == before
    assert shop.rows("select * from ops.audit_log") == []


def test_a_flat_file_goes_with_all_that_was_made_from_it(shop: Any) -> None:
    path = "2026-01-05/flat_sales.csv"
    flat = (
        "transaction_id,date,store_id,customer_id,product_id,quantity,amount\n"
        "T1,2026-01-05,S1,C1,P1,1,10\n"
    )
    assert shop.load(path, flat).outcome == "loaded"
    assert set(shop.statuses().values()) == {"split", "loaded"}
    with pytest.raises(LandingError, match=r"made from a flat file; .* lens unload 1"):
        unload(shop.url, 2, "wrong")
    unload(shop.url, 1, "wrong")
    assert set(shop.statuses().values()) == {"unloaded"}
    assert outcomes(shop.ingest()) == ["skipped_same_content"]
    (report,) = shop.ingest(replace=1).files
    assert (report.outcome, report.superseded) == ("loaded", (1,))
    assert sorted(shop.statuses().values()) == [
        *["loaded", "loaded", "split", "superseded", "unloaded", "unloaded"]
    ]
