"""The amount of a line against the price list, as a warning."""

from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"


def test_amount_that_is_not_quantity_times_price_less_discount_is_a_warning(
    warehouse: Warehouse,
) -> None:
    deliver_masters(warehouse, "stores", "customer_details", "promotion_details")  # X1: 10 % off
    for date, price in (("2026-01-01", "10"), ("2026-01-10", "12")):
        warehouse.deliver("products", {"product_id": "P1", "unit_price": price}, file_date=date)
    warehouse.deliver("products", {"product_id": "P2", "product_name": "no price"})
    warehouse.deliver(HEADER, sale(), sale("T2", transaction_date="2026-01-10"))
    warehouse.deliver(HEADER, sale("R1", original_transaction_id="T1"))
    fits = [
        line("1", quantity="3", line_item_amount="30"),
        line("2", quantity="3", line_item_amount="27", promotion_id="X1"),
        line("3", quantity="3", line_item_amount="30.30"),  # within a cent a unit and 1 %
        line("4", "T2", line_item_amount="12"),  # the price of that day
        line("5", product_id="P2", line_item_amount="99"),
        line("9", quantity="3", line_item_amount="27", promotion_id="X7"),  # unknown_promotion
        line("10", line_item_amount="0"),  # told by zero_amount
        line("1", "R1", line_item_amount="1"),
    ]
    differs = [
        line("6", quantity="3", line_item_amount="31"),
        line("7", quantity="3", line_item_amount="30", promotion_id="X1"),
        line("8", "T2", line_item_amount="10"),
    ]
    warehouse.deliver(LINES, *fits)
    warehouse.judge()
    assert "price_differs" not in warehouse.warned(LINES)
    warehouse.deliver(LINES, *differs)
    warehouse.judge()
    assert warehouse.warned(LINES)["price_differs"] == len(differs)
    warehouse.check_counts()
