"""A return that names no sale: every mart falls by the same amount (semantics 5)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt.warehouse import NO_TESTS, Warehouse

JANUARY = dt.date(2026, 1, 31)
# Ann buys two at 60 and one at 20 (and a fee), and brings two back for 40 together: 20 of the newer
# sale, 20 of the older. Bob buys the same and keeps it.
HEADERS = [
    *((f"{who}1", who, "2026-01-02 10:00", 60, None) for who in ("Ann", "Bob")),
    *((f"{who}2", who, "2026-01-03 10:00", 25, None) for who in ("Ann", "Bob")),
    ("U", "Ann", "2026-01-10 10:00", 43, "RETURN"),
]
LINES = [
    *((f"{who}1", "1", "P", 2, 60) for who in ("Ann", "Bob")),
    *((f"{who}2", "1", "P", 1, 20) for who in ("Ann", "Bob")),
    *((f"{who}2", "2", "POST", 1, 5) for who in ("Ann", "Bob")),
    ("U", "1", "P", -2, -40),
    ("U", "2", "POST", -1, -3),
]


@pytest.fixture(scope="module")
def shop(warehouse: Warehouse) -> Warehouse:
    warehouse.load("stores", [{"store_id": "A"}])
    warehouse.load(
        "products",
        [
            {"product_id": "P", "product_category": "Toys"},
            {"product_id": "POST", "product_category": "Postage", "is_merchandise": "no"},
        ],
    )
    warehouse.load("customer_details", [{"customer_id": who} for who in ("Ann", "Bob")])
    rule = {"rule_id": "1", "points_per_unit_spend": 1, "min_spend_threshold": 0, "bonus_points": 0}
    warehouse.load("loyalty_rules", [rule])
    names = ("transaction_id", "customer_id", "transaction_date", "total_amount")
    warehouse.load(
        "store_sales_header",
        [
            {**dict(zip(names, row, strict=False)), "store_id": "A", "transaction_type": row[-1]}
            for row in HEADERS
        ],
    )
    names = ("transaction_id", "line_item_id", "product_id", "quantity", "line_item_amount")
    warehouse.load("store_sales_line_items", [dict(zip(names, row, strict=True)) for row in LINES])
    warehouse.dbt("build", *NO_TESTS, business_date=JANUARY)
    return warehouse


def fall(shop: Warehouse, expression: str, mart: str, *, of: str = "true") -> Any:
    """What Bob has more than Ann."""
    found = dict(
        shop.rows(f"select customer_id, {expression} from {mart} where {of} group by customer_id")
    )
    return found["Bob"] - found["Ann"]


def test_its_lines_are_matched_and_its_amount_is_theirs(shop: Warehouse) -> None:
    assert shop.rows(
        "select original_transaction_id, line_item_id, quantity, returned_amount"
        " from clean.return_matches order by 1, 2"
    ) == [
        ("Ann1", "1", Decimal(1), Decimal(20)),
        ("Ann2", "1", Decimal(1), Decimal(20)),
        ("Ann2", "2", Decimal(1), Decimal(3)),
    ]
    assert shop.rows("select total_amount from clean.sales where is_return") == [(Decimal(-43),)]


@pytest.mark.parametrize(
    ("mart", "expression"),
    [
        ("marts.purchases", "sum(net_amount)"),
        ("marts.customer_rfm", "sum(monetary)"),
        ("marts.tier_standings", "sum(spend_amount)"),
        ("marts.points_balances", "sum(balance)"),
        ("marts.points_lots", "sum(remaining_points)"),
    ],
)
def test_every_mart_falls_by_the_merchandise(shop: Warehouse, mart: str, expression: str) -> None:
    assert fall(shop, expression, mart) == 40


def test_the_sale_that_came_back_whole_is_no_purchase_any_more(shop: Warehouse) -> None:
    assert fall(shop, "sum(frequency)", "marts.customer_rfm") == 1
    assert fall(shop, "sum(reversed_points)", "marts.points_balances") == -40


def test_the_day_of_the_return_has_it_all(shop: Warehouse) -> None:
    assert shop.rows(
        "select return_count, returned_amount, net_amount, reversed_points from marts.sales_daily"
        " where business_date = '2026-01-10'"
    ) == [(1, Decimal(43), Decimal(-43), 40)]
    assert shop.rows(
        "select sum(reversed_points) from marts.points_daily where business_date = '2026-01-10'"
    ) == [(Decimal(40),)]
