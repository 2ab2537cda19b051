"""One flat file feeds several data sets: what its batches hold, and what becomes of them."""

import pytest

from tests.integration.landing.conftest import Shop

FLAT = """\
Invoice,Date,Time,Customer,Store,Product,Qty,Price,Amount,shelf
T1,05/01/2026,14:32,C1,S1,P1,2,1.50,,a
T1,05/01/2026,14:32,C1,S1,P2,1,4,,
T1,05/01/2026,14:32,C1,S1,P2,1,4,,
T2,05/01/2026,9:05 AM,,S1,P1,1,2,1.80,
"""
HEADERS = (
    "select _row_number, transaction_id, customer_id, store_id, transaction_date, total_amount,"
    " transaction_type from raw.store_sales_header order by _batch_id, _row_number"
)
LINES = (
    "select _row_number, transaction_id, line_item_id, product_id, quantity, line_item_amount"
    " from raw.store_sales_line_items order by _batch_id, _row_number"
)


def test_a_flat_file_feeds_headers_and_lines_and_keeps_identical_lines(shop: Shop) -> None:
    report = shop.load("flat_sales_2026-01-05.csv", FLAT)
    assert report.data_set == "flat_sales"
    assert report.rows_read == 4
    assert report.extra_columns == ("shelf",)
    assert shop.rows(HEADERS) == [
        (1, "T1", "C1", "S1", "05/01/2026 14:32:00", "11", "SALE"),
        (4, "T2", None, "S1", "05/01/2026 09:05:00", "1.8", "SALE"),
    ]
    assert shop.rows(LINES) == [
        (1, "T1", "1", "P1", "2", "3"),
        (2, "T1", "2", "P2", "1", "4"),
        (3, "T1", "3", "P2", "1", "4"),
        (4, "T2", "1", "P1", "1", "1.80"),
    ]
    assert shop.value("select count(*) from raw.flat_sales where _extra ->> 'shelf' = 'a'") == 1
    batches = (
        "select data_set, status, rows_read, derived_from, source_file, file_date::text"
        " from ops.load_batches order by batch_id"
    )
    name = "flat_sales_2026-01-05.csv"
    assert shop.rows(batches) == [
        ("flat_sales", "split", 4, None, name, "2026-01-05"),
        ("store_sales_header", "loaded", 2, 1, name, "2026-01-05"),
        ("store_sales_line_items", "loaded", 4, 1, name, "2026-01-05"),
    ]
    assert shop.value("select min(sha256) = max(sha256) from ops.load_batches") is True
    assert "made 2 store_sales_header (batch 2), 4 store_sales_line_items" in str(report.message)


def test_the_same_content_changes_nothing_and_a_dated_file_replaces_all_that_was_made(
    shop: Shop,
) -> None:
    shop.load("flat_sales_2026-01-05.csv", FLAT)
    copy = shop.put("copy/flat_sales_again.csv", FLAT)
    assert {file.outcome for file in shop.ingest().files} == {"skipped_same_content"}
    copy.unlink()
    report = shop.load("flat_sales_2026-01-05.csv", FLAT.replace("T2", "T3"), replace=1)
    assert report.superseded == (1,)
    assert shop.statuses() == {
        1: "superseded",
        2: "superseded",
        3: "superseded",
        4: "split",
        5: "loaded",
        6: "loaded",
    }
    pairs = "select batch_id, superseded_by from ops.load_batches where superseded_by is not null"
    assert dict(shop.rows(pairs)) == {1: 4, 2: 5, 3: 6}


def test_a_truncated_flat_file_is_stopped(shop: Shop) -> None:
    shop.load("flat_sales_2026-01-05.csv", FLAT)
    report = shop.load("flat_sales_2026-01-05.csv", "\n".join(FLAT.splitlines()[:4]))
    assert report.outcome == "stopped"
    assert "would remove 1 of the 2 keys of batch 1" in str(report.message)
    assert [*shop.statuses().values()] == ["split", "loaded", "loaded", "failed"]


def test_what_was_made_from_a_flat_file_is_replaced_by_its_own_batch_only(shop: Shop) -> None:
    shop.load("flat_sales_2026-01-05.csv", FLAT)
    with pytest.raises(Exception, match=r"made from a flat file; .*--replace 1"):
        shop.ingest(replace=3)
    report = shop.load("flat_sales_2026-01-05.csv", FLAT, replace=1)
    assert report.outcome == "loaded"
    assert shop.statuses()[2] == "superseded"


def test_a_return_says_so_by_its_quantity_and_a_mixed_receipt_becomes_two(shop: Shop) -> None:
    shop.load(
        "flat_sales.csv",
        "transaction,date,store,product,quantity,amount,type\n"
        "T1,2026-01-05,S1,P1,-1,-10,\nT2,2026-01-05,S1,P1,1,10,\nT2,2026-01-05,S1,P2,-1,-4,\n"
        "T3,2026-01-05,S1,P1,1,5,refund\nT4,2026-01-05,S1,P1,1,5,gift\n"
        "T5,2026-01-05,S1,P1,1,9,purchase\nT5,2026-01-05,S1,P9,1,-2,\n",
    )
    assert shop.rows(
        "select transaction_id, transaction_type, total_amount from raw.store_sales_header"
        " order by 1"
    ) == [
        ("T1", "RETURN", "-10"),
        ("T2", "SALE", "10"),
        ("T2-R", "RETURN", "-4"),
        ("T3", "RETURN", "5"),
        ("T4", "gift", "5"),
        ("T5", "SALE", "7"),
    ]
    assert shop.rows(
        "select transaction_id, line_item_id from raw.store_sales_line_items"
        " where transaction_id like 'T2%%' order by 1"
    ) == [("T2", "1"), ("T2-R", "1")]


def test_an_amount_that_cannot_be_read_is_passed_on_and_never_left_out_of_a_sum(
    shop: Shop,
) -> None:
    shop.load(
        "flat_sales.csv",
        "transaction,date,product,quantity,price\n"
        "T1,2026-01-05,P1,1,10\nT1,2026-01-05,P2,two,4\nT2,2026-01-05,P1,1,\n,2026-01-05,P1,1,1\n"
        ",2026-01-05,P1,1,1\n",
    )
    assert shop.rows(
        "select _row_number, transaction_id, total_amount, store_id from raw.store_sales_header"
        " order by _row_number"
    ) == [
        (1, "T1", "two", "MAIN"),
        (3, "T2", None, "MAIN"),
        (4, None, "1", "MAIN"),
        (5, None, "1", "MAIN"),
    ]


def test_rows_that_disagree_take_the_first_that_is_filled_in_and_are_warned_of(shop: Shop) -> None:
    report = shop.load(
        "flat_sales.csv",
        "transaction,date,customer,product,amount\n"
        "T1,2026-01-05 10:00,,P1,1\nT1,2026-01-05 10:01,C1,P1,1\nT1,2026-01-05,C2,P1,1\n"
        "T2,2026-01-05,C1,P1,1\nT2,2026-01-06,1.0,P1,1\n",
    )
    assert shop.rows(
        "select transaction_id, customer_id, transaction_date from raw.store_sales_header"
        " order by 1"
    ) == [("T1", "C1", "2026-01-05 10:00"), ("T2", "C1", "2026-01-05")]
    assert "2 transactions whose records differ in customer_id" in str(report.message)
    assert "1 transactions whose records differ in transaction_date" in str(report.message)
    assert "(such as record 4)" in str(report.message)
    assert shop.rows(
        "select data_set, rule_id, column_name, severity, rows_evaluated, rows_failed"
        " from ops.validation_results order by column_name"
    ) == [
        ("store_sales_header", "records_differ", "customer_id", "warn", 2, 2),
        ("store_sales_header", "records_differ", "transaction_date", "warn", 2, 1),
    ]


def test_one_row_per_receipt_feeds_headers_alone(shop: Shop) -> None:
    report = shop.load(
        "flat_sales.csv",
        "Receipt;Date;Customer;Receipt total\nR1;2026-01-05;C1;12.50\nR2;2026-01-05;C2;3\n",
    )
    assert report.outcome == "loaded"
    assert shop.rows(HEADERS) == [
        (1, "R1", "C1", "MAIN", "2026-01-05", "12.50", "SALE"),
        (2, "R2", "C2", "MAIN", "2026-01-05", "3", "SALE"),
    ]
    assert shop.rows(LINES) == []


def test_a_flat_file_of_which_no_amount_can_be_made_is_refused(shop: Shop) -> None:
    report = shop.load("flat_sales.csv", "transaction,date,product\nT1,2026-01-05,P1\n")
    assert report.outcome == "failed"
    assert (
        "line 1: nothing to make total_amount of; add receipt_amount, or amount,"
        " or quantity and unit_price" in str(report.message)
    )


def test_decimal_commas_are_kept_for_what_is_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = tmp_path_factory.mktemp("own") / "own.yml"
    own.write_text('splits: {flat_sales: {decimal_mark: ",", files: [kasse]}}')
    monkeypatch.setenv("LENS_DATASETS", str(own))
    shop.load(
        "kasse_2026-01-05.csv",
        "transaction;date;product;qty;price\nT1;05/01/2026;P1;3;1.000,50\nT1;05/01/2026;P1;1;0,25\n",
    )
    assert shop.rows("select total_amount from raw.store_sales_header") == [("3001,75",)]
    assert shop.rows("select decimal_mark from ops.load_batches") == [(",",)] * 3


CARDS = """\
customerNumber,cardLast4Digits,transactionDate,transactionTime,transactionAmount,transactionType,\
merchantName,merchantCity,merchantState,merchantZip
1001,0048,01/05/2026,14:32:10,23.40,PURCHASE,Corner Bakery,Utrecht,UT,03511
1001,0048,01/05/2026,14:32:10,23.40,PURCHASE,Corner Bakery,Utrecht,UT,03511
1002,0937,01/06/2026,180211,8.15,REFUND,Book House,Rotterdam,ZH,3011
"""


def test_a_card_statement_makes_merchants_stores_and_keeps_identical_payments(shop: Shop) -> None:
    report = shop.load("card_transactions_2026-01.csv", CARDS)
    assert report.extra_columns == ()
    assert shop.rows(
        "select _row_number, store_id, store_name, store_city, store_region from raw.stores"
        " order by 1"
    ) == [
        (1, "Corner Bakery 03511", "Corner Bakery", "Utrecht", "UT"),
        (3, "Book House 3011", "Book House", "Rotterdam", "ZH"),
    ]
    assert shop.rows(
        "select _row_number, customer_id, store_id, transaction_date, total_amount,"
        " transaction_type, payment_method, length(transaction_id)"
        " from raw.store_sales_header order by 1"
    ) == [
        (1, "1001", "Corner Bakery 03511", "01/05/2026 14:32:10", "46.8", "SALE", "card", 32),
        (3, "1002", "Book House 3011", "01/06/2026 18:02:11", "8.15", "RETURN", "card", 32),
    ]
    assert [row[2:] for row in shop.rows(LINES)] == [
        ("1", "CARD", "1", "23.40"),
        ("2", "CARD", "1", "23.40"),
        ("1", "CARD", "1", "8.15"),
    ]
    assert shop.rows("select product_id, product_name from raw.products") == [
        ("CARD", "Card payment")
    ]


def test_a_changed_split_entry_reads_its_files_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop.load("flat_sales.csv", "transaction,date,product,amount\nT1,2026-01-05,P1,1\n")
    own = tmp_path_factory.mktemp("own") / "own.yml"
    own.write_text(
        "splits: {flat_sales: {feeds: {store_sales_header:"
        " {columns: {store_id: [{first: store_id}, {constant: WEB}]}}}}}"
    )
    monkeypatch.setenv("LENS_DATASETS", str(own))
    (report,) = shop.ingest().files
    assert "read again, for datasets.yml changed (split)" in str(report.message)
    assert shop.rows(
        "select store_id from raw.store_sales_header inner join ops.load_batches"
        " on _batch_id = batch_id where status = 'loaded'"
    ) == [("WEB",)]
    assert {file.outcome for file in shop.ingest().files} == {"skipped_same_content"}
