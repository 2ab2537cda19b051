"""One case per rule: the row, and the rules that it alone fails. All are judged in one pass."""

from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from loyalty_lens.worker import Worker
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

Row = Mapping[str, str | None]
FILE_DATE = "2026-01-05"


def promotion(number: str | None, **values: str | None) -> Row:
    row = {"promotion_id": number, "start_date": "2026-01-01", "end_date": "2026-01-31"}
    return {**row, "discount_percentage": "0.2", **values}


def rule(number: str | None, **values: str | None) -> Row:
    basic = {"points_per_unit_spend": "1", "min_spend_threshold": "0", "bonus_points": "5"}
    return {"rule_id": number, **basic, **values}


def event(number: str | None, **values: str | None) -> Row:
    row = {"event_id": number, "customer_id": "C1", "event_type": "redeem", "points": "5"}
    return {**row, "event_at": "2026-01-05 10:00", **values}


def stock(store: str | None = "S1", product: str | None = "P1", **values: str | None) -> Row:
    row = {"inventory_date": "2026-01-05", "store_id": store, "product_id": product}
    return {**row, "stock_on_hand": "5", **values}


# data set, row, rules that reject it
REJECTED: list[tuple[str, Row, list[str]]] = [
    ("stores", {"store_name": "no key"}, ["missing_key"]),
    ("products", {"product_id": " ", "product_name": "no key"}, ["missing_key"]),
    ("customer_details", {"customer_id": "NULL", "first_name": "no key"}, ["missing_key"]),
    ("promotion_details", promotion(None), ["missing_key"]),
    ("promotion_details", promotion("X2", start_date=None), ["missing_field"]),
    ("promotion_details", promotion("X3", end_date="soon"), ["bad_date"]),
    ("promotion_details", promotion("X4", end_date="2025-12-31"), ["bad_date"]),
    ("promotion_details", promotion("X5", discount_percentage="1.01"), ["bad_discount"]),
    ("promotion_details", promotion("X6", discount_percentage="-0.1"), ["bad_discount"]),
    ("promotion_details", promotion("X7", discount_percentage="half"), ["bad_discount"]),
    ("promotion_details", promotion("X8", discount_percentage=""), ["missing_field"]),
    ("loyalty_rules", rule(None), ["missing_key"]),
    ("loyalty_rules", rule("2", points_per_unit_spend=None), ["missing_field"]),
    ("loyalty_rules", rule("3", min_spend_threshold="-1"), ["bad_rule"]),
    ("loyalty_rules", rule("4", bonus_points="1.5"), ["bad_rule"]),
    ("loyalty_rules", rule("5", weekdays="someday"), ["bad_rule"]),
    ("loyalty_rules", rule("6", start_date="2026-02-01", end_date="2026-01-01"), ["bad_rule"]),
    ("store_sales_header", sale(""), ["missing_key"]),
    ("store_sales_header", sale("H01", store_id=None), ["missing_field"]),
    ("store_sales_header", sale("H02", transaction_date=None), ["missing_field"]),
    ("store_sales_header", sale("H03", total_amount="N/A"), ["missing_field"]),
    ("store_sales_header", sale("H04", transaction_date="31/31/2026"), ["bad_date"]),
    ("store_sales_header", sale("H05", total_amount="ten"), ["bad_amount"]),
    ("store_sales_header", sale("H06", total_amount="-0.01"), ["negative_amount"]),
    ("store_sales_header", sale("H07", transaction_date="1989-12-31"), ["date_out_of_range"]),
    ("store_sales_header", sale("H08", transaction_date="2026-01-07"), ["date_out_of_range"]),
    ("store_sales_header", sale("H09", store_id="S9"), ["unknown_store"]),
    ("store_sales_header", sale("H10", customer_id="C9"), ["unknown_customer"]),
    ("store_sales_header", sale("H11", currency="USD"), ["wrong_currency"]),
    ("store_sales_header", sale("H12", transaction_type="return"), ["return_without_sale"]),
    ("store_sales_header", sale("H13", original_transaction_id="T9"), ["return_without_sale"]),
    (
        "store_sales_header",
        sale("H14", original_transaction_id="T1", transaction_date="2026-01-04"),
        ["return_before_sale"],
    ),
    (
        "store_sales_header",
        sale("H15", original_transaction_id="T1", customer_id=None),
        ["return_without_sale"],
    ),
    ("store_sales_header", sale("T1", total_amount="12"), ["duplicate_key"]),
    (
        "store_sales_header",
        sale("H16", store_id=None, total_amount="x", transaction_date="1980-01-01"),
        ["bad_amount", "date_out_of_range", "missing_field"],
    ),
    ("store_sales_line_items", line("", "T1"), ["missing_key"]),
    ("store_sales_line_items", {**line("L00"), "transaction_id": None}, ["missing_key"]),
    ("store_sales_line_items", line("L01", product_id=None), ["missing_field"]),
    ("store_sales_line_items", line("L02", quantity=None), ["missing_field"]),
    ("store_sales_line_items", line("L03", line_item_amount=None), ["missing_field"]),
    ("store_sales_line_items", line("L04", quantity="two"), ["bad_quantity"]),
    ("store_sales_line_items", line("L05", line_item_amount="1,0"), ["bad_amount"]),
    ("store_sales_line_items", line("L06", quantity="0"), ["quantity_not_positive"]),
    ("store_sales_line_items", line("L07", quantity="-1"), ["quantity_not_positive"]),
    ("store_sales_line_items", line("L08", line_item_amount="-25.00"), ["negative_amount"]),
    ("store_sales_line_items", line("L09", "T9"), ["header_missing"]),
    ("store_sales_line_items", line("L10", "H09"), ["header_rejected"]),
    ("store_sales_line_items", line("L11", product_id="P001,P002"), ["unknown_product"]),
    ("store_sales_line_items", line("1", "T1", quantity="2"), ["duplicate_key"]),
    ("store_sales_line_items", line("L12", "R1", product_id="P2"), ["return_without_sale"]),
    ("store_sales_line_items", line("L13", "R1", quantity="-9"), ["return_exceeds_sale"]),
    ("points_events", event(None), ["missing_key"]),
    ("points_events", event("E01", customer_id=None), ["missing_field"]),
    ("points_events", event("E02", customer_id="C9"), ["unknown_customer"]),
    ("points_events", event("E03", event_type="GIFT"), ["bad_value"]),
    ("points_events", event("E04", points="1.5"), ["bad_amount"]),
    ("points_events", event("E05", event_at="noon"), ["bad_date"]),
    ("points_events", event("E06", event_at="2026-02-01"), ["date_out_of_range"]),
    ("points_events", event("E07", points=None), ["missing_field"]),
    ("store_inventory", stock(product=None), ["missing_key"]),
    ("store_inventory", stock(inventory_date=None), ["missing_key"]),
    ("store_inventory", stock(inventory_date="today"), ["bad_date"]),
    ("store_inventory", stock(store="S9"), ["unknown_store"]),
    ("store_inventory", stock(product="P9"), ["unknown_product"]),
    ("store_inventory", stock(product="P2", stock_on_hand=None), ["missing_field"]),
    ("store_inventory", stock(product="P2", stock_on_hand="many"), ["bad_quantity"]),
]

# data set, row that counts, warnings that it alone causes
ACCEPTED: list[tuple[str, Row, list[str]]] = [
    ("stores", {"store_id": "S2", "opening_date": "once"}, ["bad_value", "missing_field"]),
    ("stores", {"store_id": "S3", "store_name": "B", "time_zone": "Mars/Base"}, ["bad_value"]),
    (
        "products",
        {"product_id": "P2", "product_category": "A", "unit_price": "-1"},
        ["negative_amount"],
    ),
    ("products", {"product_id": "P3", "unit_price": "?"}, ["bad_value", "missing_field"]),
    (
        "customer_details",
        {"customer_id": "C2", "birth_date": "x", "annual_income": "y", "customer_phone": "z"},
        ["bad_value", "bad_value", "bad_value"],
    ),
    ("customer_details", {"customer_id": "C3", "customer_phone": "+1 555"}, ["shared_phone"]),
    ("customer_details", {"customer_id": "C4", "customer_phone": "1555"}, ["shared_phone"]),
    ("promotion_details", promotion("X9", cost="much", start_date="31/12/2025"), ["bad_value"]),
    ("loyalty_rules", rule("7", bonus_points="0", is_active="no", weekdays="Sat,Sun"), []),
    ("store_sales_header", sale("T1", currency="eur"), []),
    ("store_sales_header", sale("T2", customer_id=None, transaction_date="06/01/2026"), []),
    ("store_sales_header", sale("T3", total_amount="0"), ["zero_amount"]),
    ("store_sales_header", sale("T4", transaction_type="GIFT"), ["bad_value"]),
    ("store_sales_header", sale("T5", points_redeemed="-3"), ["bad_value"]),
    ("store_sales_header", sale("R1", original_transaction_id="T1", total_amount="-10"), []),
    ("store_sales_header", sale("R2", original_transaction_id="T1", total_amount="10"), []),
    ("store_sales_line_items", line("1", "T1"), []),
    ("store_sales_line_items", line("2", "T1", line_item_amount="0"), ["zero_amount"]),
    ("store_sales_line_items", line("1", "T2", promotion_id="X99"), ["unknown_promotion"]),
    ("store_sales_line_items", line("1", "T4", line_item_amount="9.98"), ["header_lines_differ"]),
    ("store_sales_line_items", line("1", "R1", quantity="-1", line_item_amount="-10"), []),
    ("store_sales_line_items", line("1", "R2"), []),
    ("points_events", event("E10", points="0"), ["zero_amount"]),
    ("points_events", event("E11", event_type="Adjust", points="-7"), []),
    ("store_inventory", stock(stock_on_hand="-2"), ["negative_stock"]),
]


@pytest.fixture(scope="module")
def judged(new_database: Callable[[], str], gx_worker: Worker) -> Warehouse:
    """All cases: per data set one file with those that count, and one with those that do not."""
    warehouse = Warehouse(new_database(), gx_worker)
    deliver_masters(warehouse)
    for cases in (ACCEPTED, REJECTED):
        for data_set in dict.fromkeys(case[0] for case in cases):
            rows = [case[1] for case in cases if case[0] == data_set]
            warehouse.deliver(data_set, *rows, file_date=FILE_DATE)
    warehouse.judge()
    return warehouse


def place(judged: Warehouse, case: tuple[str, Row, list[str]]) -> tuple[int, int]:
    """Batch and row number of a case."""
    cases = ACCEPTED if any(case is other for other in ACCEPTED) else REJECTED
    same = [other for other in cases if other[0] == case[0]]
    return batch_of(judged, case[0], cases), 1 + next(
        i for i, other in enumerate(same) if other is case
    )


def batch_of(judged: Warehouse, data_set: str, cases: list[tuple[str, Row, list[str]]]) -> int:
    """The batch of the cases that count, or of those that do not."""
    ((first, second),) = judged.query(
        "select min(batch_id), max(batch_id) from ops.load_batches"
        " where data_set = %s and file_date is not null",
        data_set,
    )
    return int(first if cases is ACCEPTED else second)


def named(case: tuple[str, Row, list[str]]) -> str:
    changed = [value for value in case[1].values() if value]
    return "-".join([case[0], *case[2], changed[0] if changed else "empty"])


@pytest.mark.parametrize("case", REJECTED, ids=named)
def test_rejects_with_every_failed_rule(
    judged: Warehouse, case: tuple[str, Row, list[str]]
) -> None:
    assert judged.rejected(case[0]).get(place(judged, case)) == case[2]


@pytest.mark.parametrize("case", ACCEPTED, ids=named)
def test_accepts_what_the_design_accepts(
    judged: Warehouse, case: tuple[str, Row, list[str]]
) -> None:
    assert place(judged, case) in judged.accepted(case[0])


@pytest.mark.parametrize("data_set", dict.fromkeys(case[0] for case in ACCEPTED))
def test_counts_warnings_of_each_data_set(judged: Warehouse, data_set: str) -> None:
    expected = Counter(rule for name, _, rules in ACCEPTED if name == data_set for rule in rules)
    found = judged.query(
        "select rule_id, sum(rows_failed)::int from ops.validation_results"
        " where batch_id = %s group by 1 having sum(rows_failed) > 0",
        batch_of(judged, data_set, ACCEPTED),
    )
    assert dict(found) == expected


def test_nothing_is_lost(judged: Warehouse) -> None:
    judged.check_counts()


def test_results_name_every_rule_also_where_nothing_failed(judged: Warehouse) -> None:
    found = judged.query(
        "select rule_id, column_name, dimension, severity, rows_evaluated, rows_failed"
        " from ops.validation_results where data_set = 'stores' and batch_id ="
        " (select min(batch_id) from ops.load_batches where data_set = 'stores') order by 1, 2"
    )
    assert found == [
        ("bad_value", "opening_date", "validity", "warn", 1, 0),
        ("bad_value", "time_zone", "validity", "warn", 1, 0),
        ("different_versions_in_file", "store_id", "uniqueness", "warn", 1, 0),
        ("missing_field", "store_name", "completeness", "warn", 1, 0),
        ("missing_key", "store_id", "completeness", "reject", 1, 0),
    ]


def test_errors_name_column_value_and_remedy(judged: Warehouse) -> None:
    found = judged.query(
        "select errors from reject.store_sales_header where transaction_id = 'H16'"
    )
    assert found == [
        (
            [
                {
                    "rule_id": "missing_field",
                    "column": "store_id",
                    "message": "store_id is empty",
                },
                {
                    "rule_id": "date_out_of_range",
                    "column": "transaction_date",
                    "message": "transaction_date 1980-01-01 00:00:00 lies before 1990",
                },
                {
                    "rule_id": "bad_amount",
                    "column": "total_amount",
                    "message": "x cannot be read as a number; decimal_mark in datasets.yml says"
                    " which mark is used",
                },
            ],
        )
    ]


def test_conflicting_key_says_how_to_correct_the_file(judged: Warehouse) -> None:
    ((message,),) = judged.query(
        "select errors -> 0 ->> 'message' from reject.store_sales_header"
        " where rule_ids = '{duplicate_key}'"
    )
    assert message.startswith("T1 was delivered before with other content, in batch ")
    assert "lens ingest --replace" in message


def test_discount_in_per_cent_is_judged_as_a_share(judged: Warehouse) -> None:
    batch = judged.deliver(
        "promotion_details",
        promotion("Y1", discount_percentage="15"),
        promotion("Y2", discount_percentage="101"),
        is_discount_in_percent=True,
    )
    judged.judge()
    assert (batch, 1) in judged.accepted("promotion_details")
    assert judged.rejected("promotion_details")[batch, 2] == ["bad_discount"]
