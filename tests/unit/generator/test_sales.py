"""Sales, returns and points: the business rules of a clean delivery."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.generator.conftest import Delivered, Row

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
CENT = Decimal("0.01")


def headers_by_id(delivered: Delivered) -> Mapping[str, Row]:
    return {row["transaction_id"]: row for row in delivered.rows[HEADERS]}


def test_keys_are_unique_and_join(clean: Delivered) -> None:
    rows = clean.rows
    keys = {
        data_set: {row[f"{name}_id"] for row in rows[data_set]}
        for data_set, name in (
            ("stores", "store"),
            ("products", "product"),
            ("customer_details", "customer"),
            ("promotion_details", "promotion"),
            (HEADERS, "transaction"),
        )
    }
    assert len(keys[HEADERS]) == len(rows[HEADERS])
    line_keys = {(row["transaction_id"], row["line_item_id"]) for row in rows[LINES]}
    assert len(line_keys) == len(rows[LINES])
    assert {row["store_id"] for row in rows[HEADERS]} <= keys["stores"]
    assert {row["customer_id"] for row in rows[HEADERS]} - {""} <= keys["customer_details"]
    assert {row["transaction_id"] for row in rows[LINES]} == keys[HEADERS]
    assert {row["product_id"] for row in rows[LINES]} <= keys["products"]
    assert {row["promotion_id"] for row in rows[LINES]} - {""} == keys["promotion_details"]
    events = rows["points_events"]
    assert len({row["event_id"] for row in events}) == len(events)
    assert {row["customer_id"] for row in events} <= keys["customer_details"]
    assert {row["transaction_id"] for row in events} - {""} <= keys[HEADERS]
    stock = rows["store_inventory"]
    places = {(row["inventory_date"], row["store_id"], row["product_id"]) for row in stock}
    assert len(places) == len(stock)


def test_header_is_the_sum_of_its_lines(clean: Delivered) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in clean.rows[LINES]:
        sums[line["transaction_id"]] += Decimal(line["line_item_amount"])
    totals = {key: Decimal(row["total_amount"]) for key, row in headers_by_id(clean).items()}
    assert totals == sums


def test_line_amount_is_quantity_times_price_less_discount(clean: Delivered) -> None:
    """At the price of the newest product file up to the day."""
    prices: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for file in clean.files.files:
        if file.data_set == "products":
            is_daily = file.path.parent.name != "history"
            since = file.path.parent.name if is_daily else file.path.stem.rsplit("_", 1)[-1]
            with file.path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    prices[row["product_id"]].append((since, Decimal(row["unit_price"])))
    discounts = {
        row["promotion_id"]: Decimal(row["discount_percentage"])
        for row in clean.rows["promotion_details"]
    }
    assert all(Decimal("0.05") <= value <= Decimal("0.30") for value in discounts.values())
    headers = headers_by_id(clean)
    for line in clean.rows[LINES]:
        header = headers[line["transaction_id"]]
        if header["transaction_type"] == "SALE":
            on = header["transaction_date"][:10]
            price = [value for since, value in prices[line["product_id"]] if since <= on][-1]
            kept = 1 - discounts.get(line["promotion_id"], Decimal(0))
            expected = (int(line["quantity"]) * price * kept).quantize(CENT, ROUND_HALF_UP)
            assert Decimal(line["line_item_amount"]) == expected, line


def test_return_names_an_earlier_sale_of_its_customer_and_store(clean: Delivered) -> None:
    headers = headers_by_id(clean)
    returns = [row for row in headers.values() if row["transaction_type"] == "RETURN"]
    originals = [headers[row["original_transaction_id"]] for row in returns]
    assert len({row["transaction_id"] for row in originals}) == len(returns)
    for back, sale in zip(returns, originals, strict=True):
        assert sale["transaction_type"] == "SALE"
        assert back["customer_id"] == sale["customer_id"] != ""
        assert back["store_id"] == sale["store_id"]
        assert Decimal(back["total_amount"]) < 0
        days = (day(back) - day(sale)).days
        assert 1 <= days <= 30
    known = sum(row["customer_id"] != "" for row in headers.values())
    assert 0.02 <= len(returns) / known <= 0.03


def test_returned_quantity_and_amount_never_exceed_the_sale(clean: Delivered) -> None:
    headers = headers_by_id(clean)
    sold: dict[tuple[str, str], tuple[int, Decimal]] = {}
    lines_of: Counter[str] = Counter()
    for line in clean.rows[LINES]:
        key = (line["transaction_id"], line["product_id"])
        assert key not in sold, "a product occurs once in a basket"
        sold[key] = (int(line["quantity"]), Decimal(line["line_item_amount"]))
        lines_of[line["transaction_id"]] += 1
    partial = 0
    returns = [row for row in headers.values() if row["transaction_type"] == "RETURN"]
    for (transaction, product), (quantity, amount) in sold.items():
        original = headers[transaction]["original_transaction_id"]
        if original:
            most, paid = sold[original, product]
            assert 1 <= quantity <= most
            assert 0 < -amount <= paid
            assert (quantity == most) == (-amount == paid)
    for row in returns:
        original = headers[row["original_transaction_id"]]
        partial += -Decimal(row["total_amount"]) < Decimal(original["total_amount"])
    assert 0.05 < partial / len(returns) < 0.4


def test_guests_are_a_small_share_and_some_say_the_phone_of_a_customer(clean: Delivered) -> None:
    phones = Counter(
        {
            row["customer_id"]: row["customer_phone"] for row in clean.rows["customer_details"]
        }.values()
    )
    assert set(phones.values()) == {1, 2}, "but for second registrations"
    sales = [row for row in clean.rows[HEADERS] if row["transaction_type"] == "SALE"]
    guests = [row for row in sales if not row["customer_id"]]
    assert 0.05 <= len(guests) / len(sales) <= 0.10
    kinds = Counter(
        "none" if not row["customer_phone"] else row["customer_phone"] in phones for row in guests
    )
    assert min(kinds["none"], kinds[True], kinds[False]) > 100
    assert all(not row["customer_phone"] for row in sales if row["customer_id"])


def test_points_are_redeemed_by_known_customers_within_the_total(clean: Delivered) -> None:
    headers = headers_by_id(clean)
    paid = [row for row in headers.values() if row["points_redeemed"] != "0"]
    assert len(paid) > 300
    for row in paid:
        assert row["customer_id"]
        assert row["transaction_type"] == "SALE"
        assert 0 < int(row["points_redeemed"]) <= 100 * Decimal(row["total_amount"])
    kinds: Counter[str] = Counter()
    for event in clean.rows["points_events"]:
        points = int(event["points"])
        kinds[event["event_type"] + ("-" if points < 0 else "+")] += 1
        datetime.fromisoformat(event["event_at"])
        assert event["reason"]
        if event["transaction_id"]:
            header = headers[event["transaction_id"]]
            assert event["event_type"] == "REDEEM"
            assert event["points"] == header["points_redeemed"]
            assert event["customer_id"] == header["customer_id"]
    assert set(kinds) == {"REDEEM+", "ADJUST+", "ADJUST-"}


def test_sales_follow_the_week(clean: Delivered) -> None:
    days = Counter(day(row).weekday() for row in clean.rows[HEADERS])
    assert max(days, key=days.__getitem__) == 5
    assert days[5] > 1.4 * days[0]


def test_holidays_are_quiet_and_the_days_before_busy(clean: Delivered) -> None:
    days = Counter(day(row) for row in clean.rows[HEADERS])
    christmas, eve = date(2025, 12, 25), date(2025, 12, 20)
    assert days[christmas] < 0.2 * days[eve]
    black_friday, ordinary = date(2025, 11, 28), date(2025, 11, 14)
    assert days[black_friday] > 1.3 * days[ordinary]


def test_volume_is_that_of_a_small_chain(clean: Delivered) -> None:
    headers, lines = len(clean.rows[HEADERS]), len(clean.rows[LINES])
    assert 25_000 <= headers <= 45_000
    assert 2.2 <= lines / headers <= 3.0


def day(header: Row) -> date:
    return date.fromisoformat(header["transaction_date"][:10])
