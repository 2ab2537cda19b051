"""LENS_FEED=online_retail: what its rules find beside those of every shop."""

import pytest

from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINE = "store_sales_header", "store_sales_line_items"
GOOD = "536365"


def judge(warehouse: Warehouse) -> None:
    deliver_masters(warehouse, "stores", "customer_details")
    warehouse.judge(feed="online_retail")
    warehouse.check_counts()


@pytest.mark.parametrize(
    ("number", "date", "expected"),
    [
        ("536365", "2010-12-01 08:26:00", []),
        ("A563185", "2011-08-12 14:50:00", []),
        ("53636", "2010-12-01 08:26:00", ["bad_invoice_number"]),
        ("AC536365", "2010-12-01 08:26:00", ["bad_invoice_number"]),
        ("536365", "2008-12-31 08:26:00", ["date_out_of_range"]),
        ("536365", "soon", ["bad_date"]),
        ("536365", None, ["missing_field"]),
        ("53636", "soon", ["bad_date", "bad_invoice_number"]),
    ],
)
def test_invoices(warehouse: Warehouse, number: str, date: str | None, expected: list[str]) -> None:
    batch = warehouse.deliver(HEADER, sale(number, transaction_date=date))
    judge(warehouse)
    assert warehouse.rejected(HEADER) == ({(batch, 1): expected} if expected else {})


@pytest.mark.parametrize(
    ("values", "rejected", "warned"),
    [
        ({}, [], []),
        ({"product_id": "gift_0001_20"}, [], []),
        ({"product_id": "BANK CHARGES"}, [], []),
        ({"product_id": "8512"}, [], ["bad_product_code"]),
        ({"product_id": None}, ["missing_field"], []),
        ({"quantity": "0", "line_item_amount": "0"}, ["quantity_not_positive"], ["zero_amount"]),
        ({"quantity": "-1", "line_item_amount": "0"}, ["quantity_not_positive"], ["zero_amount"]),
        ({"line_item_amount": "-5"}, ["negative_amount", "negative_price"], []),
        ({"line_item_amount": "0"}, [], ["zero_amount"]),
    ],
)
def test_lines(
    warehouse: Warehouse, values: dict[str, str | None], rejected: list[str], warned: list[str]
) -> None:
    warehouse.deliver(HEADER, sale(GOOD, total_amount="10"))
    batch = warehouse.deliver(LINE, line("1", GOOD, **{"product_id": "85123A", **values}))
    judge(warehouse)
    assert warehouse.rejected(LINE) == ({(batch, 1): rejected} if rejected else {})
    found = [rule for rule in warehouse.warned(LINE) if rule != "header_lines_differ"]
    assert found == warned


def test_a_price_below_nothing_is_none_for_a_return_either(warehouse: Warehouse) -> None:
    warehouse.deliver(HEADER, sale(GOOD), sale("C536366", transaction_type="RETURN"))
    batch = warehouse.deliver(
        LINE,
        line("1", GOOD, product_id="85123A", quantity="2"),
        line("1", "C536366", product_id="85123A", quantity="-1", line_item_amount="-5"),
        line("2", "C536366", product_id="85123A", quantity="-1", line_item_amount="5"),
    )
    judge(warehouse)
    assert warehouse.rejected(LINE) == {(batch, 3): ["negative_price"]}


def test_a_row_counts_once_for_a_rule_that_the_feed_says_in_its_own_words(
    warehouse: Warehouse,
) -> None:
    warehouse.deliver(HEADER, sale("536365", transaction_date="soon"))
    judge(warehouse)
    assert warehouse.query(
        "select column_name, rows_failed from ops.validation_results"
        " where rule_id = 'bad_date' and data_set = %s",
        HEADER,
    ) == [("transaction_date", 1)]
    ((message,),) = warehouse.query("select errors -> 0 ->> 'message' from reject." + HEADER)
    assert message == "soon cannot be read as the date of an invoice, such as 2010-12-01 08:26:00"


def test_without_the_setting_none_of_this_is_asked(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(HEADER, sale("T1"))
    deliver_masters(warehouse, "stores", "customer_details")
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(batch, 1)]
