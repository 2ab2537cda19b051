"""Four shops that sell the same every week, and promotions in some of them: to reckon by hand."""

import datetime as dt
from typing import Any

from tests.dbt.warehouse import Warehouse

FIRST_DAY = dt.date(2025, 11, 1)
DAYS = 91
# Games: two of three, in two shops, three whole weeks. Puzzles: all of them, Thursday to Sunday.
GAMES = (dt.date(2025, 12, 8), dt.date(2025, 12, 28))
PUZZLES = (dt.date(2026, 1, 8), dt.date(2026, 1, 11))
SIZES = {"C": 1, "D": 2, "E": 1, "F": 3}
IN_GAMES, IN_PUZZLES = ("C", "D"), ("D",)
PRICES = {"G1": 10, "G2": 20, "G3": 10, "H1": 4}

Row = dict[str, Any]


def units(store: str, product: str, day: dt.date) -> int:
    """Twice as much on week-ends; the promoted games twice, the third half as much meanwhile."""
    sold = SIZES[store] * (4 if day.isoweekday() >= 6 else 2)
    if store in IN_GAMES and GAMES[0] <= day <= GAMES[1]:
        return sold * 2 if product in ("G1", "G2") else sold // 2 if product == "G3" else sold
    return sold


def code(store: str, product: str, day: dt.date) -> str | None:
    """The promotion under which it is sold."""
    if store in IN_GAMES and product in ("G1", "G2") and GAMES[0] <= day <= GAMES[1]:
        return "GAMES"
    if store in IN_PUZZLES and product == "H1" and PUZZLES[0] <= day <= PUZZLES[1]:
        return "PUZZLES"
    return None


def load(warehouse: Warehouse) -> None:
    """Writes the shops into a warehouse, beside what is there."""
    warehouse.load("stores", [{"store_id": store} for store in SIZES], arrival=FIRST_DAY)
    warehouse.load(
        "products",
        [
            {
                "product_id": product,
                "product_category": "Games" if product < "H" else "Puzzles",
                "unit_cost": "5" if product < "H" else None,
            }
            for product in PRICES
        ],
        arrival=FIRST_DAY,
    )
    promotions = (("GAMES", GAMES, "games", "0.1"), ("PUZZLES", PUZZLES, "Puzzles", "0"))
    warehouse.load(
        "promotion_details",
        [
            {
                "promotion_id": name,
                "start_date": first,
                "end_date": last,
                "discount_percentage": discount,
                "applicable_category": category,
                "channel": "App",
                "offer_type": "PERCENT_OFF",
                "cost": "30",
            }
            for name, (first, last), category, discount in promotions
        ],
        arrival=FIRST_DAY,
    )
    headers: list[Row] = []
    lines: list[Row] = []
    for number in range(DAYS):
        day = FIRST_DAY + dt.timedelta(days=number)
        for store in SIZES:
            sold = [_line(store, product, day) for product in PRICES]
            lines += sold
            headers.append(
                {
                    "transaction_id": f"{store}-{day}",
                    "store_id": store,
                    "transaction_date": day,
                    "total_amount": sum(line["line_item_amount"] for line in sold),
                }
            )
    warehouse.load("store_sales_header", headers)
    warehouse.load("store_sales_line_items", lines)


def bring_back(warehouse: Warehouse, store: str, product: str, sold: dt.date, day: dt.date) -> None:
    """Two units of a sale come back later; the return names the sale, not the promotion."""
    amount = 2 * PRICES[product] * (0.9 if code(store, product, sold) == "GAMES" else 1)
    key = {"transaction_id": f"BACK-{store}-{sold}"}
    header = {
        "store_id": store,
        "transaction_date": day,
        "total_amount": amount,
        "transaction_type": "RETURN",
        "original_transaction_id": f"{store}-{sold}",
    }
    line = {"line_item_id": "1", "product_id": product, "quantity": 2, "line_item_amount": amount}
    warehouse.load("store_sales_header", [key | header], file_date=day)
    warehouse.load("store_sales_line_items", [key | line], file_date=day)


def _line(store: str, product: str, day: dt.date) -> Row:
    promotion = code(store, product, day)
    quantity = units(store, product, day)
    price = PRICES[product] * (0.9 if promotion == "GAMES" else 1)
    return {
        "transaction_id": f"{store}-{day}",
        "line_item_id": product,
        "product_id": product,
        "promotion_id": promotion,
        "quantity": quantity,
        "line_item_amount": round(quantity * price, 2),
    }
