"""The returned defect counts are those that a gate finds in the files.

The judge below knows the rules of design.md section 6 and nothing of the generator; it reads the
files with the csv module and gives every row all the rules that it breaks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.generator.conftest import Delivered, Row

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
Judge = Callable[["Row"], set[str]]


def judged(
    rows: Iterable[Row], key: tuple[str, ...], judge: Judge
) -> tuple[Counter[str], set[tuple[str, ...]], list[set[str]]]:
    """Rules and rows, accepted keys, and the rules of every rejected row; duplicates by order."""
    counts: Counter[str] = Counter()
    accepted: set[tuple[str, ...]] = set()
    seen: set[tuple[str, ...]] = set()
    broken: list[set[str]] = []
    for row in rows:
        content = tuple(row.values())
        if content in seen:
            counts["exact_duplicate"] += 1
            continue
        seen.add(content)
        name = tuple(row[column] for column in key)
        rules = judge(row)
        if all(name) and name in accepted:
            rules |= {"duplicate_key"}
        counts.update(rules)
        if rules - {"unknown_promotion"}:
            broken.append(rules)
        else:
            accepted.add(name)
    return counts, accepted, broken


def judge_header(delivered: Delivered) -> Judge:
    stores = {row["store_id"] for row in delivered.rows["stores"]}
    customers = {row["customer_id"] for row in delivered.rows["customer_details"]}

    def judge(row: Row) -> set[str]:
        rules = {"missing_key"} if not row["transaction_id"] else set()
        if not (row["store_id"] and row["transaction_date"] and row["total_amount"]):
            rules |= {"missing_field"}
        if row["store_id"] and row["store_id"] not in stores:
            rules |= {"unknown_store"}
        if row["customer_id"] and row["customer_id"] not in customers:
            rules |= {"unknown_customer"}
        if row["transaction_date"]:
            try:
                day = datetime.fromisoformat(row["transaction_date"]).date()
                if not date(1990, 1, 1) <= day <= delivered.options.end:
                    rules |= {"date_out_of_range"}
            except ValueError:
                rules |= {"bad_date"}
        amount = number(row["total_amount"])
        if row["total_amount"] and amount is None:
            rules |= {"bad_amount"}
        if amount is not None and amount < 0 and row["transaction_type"] == "SALE":
            rules |= {"negative_amount"}
        return rules

    return judge


def judge_line(delivered: Delivered, accepted: set[tuple[str, ...]]) -> Judge:
    products = {row["product_id"] for row in delivered.rows["products"]}
    promotions = {row["promotion_id"] for row in delivered.rows["promotion_details"]}
    delivered_keys = {row["transaction_id"] for row in delivered.rows[HEADERS]} - {""}

    def judge(row: Row) -> set[str]:
        rules = {"missing_key"} if not row["line_item_id"] else set()
        if not (row["product_id"] and row["quantity"] and row["line_item_amount"]):
            rules |= {"missing_field"}
        if row["product_id"] and row["product_id"] not in products:
            rules |= {"unknown_product"}
        if row["transaction_id"] not in delivered_keys:
            rules |= {"header_missing"}
        elif (row["transaction_id"],) not in accepted:
            rules |= {"header_rejected"}
        quantity = number(row["quantity"])
        if row["quantity"] and quantity is None:
            rules |= {"bad_quantity"}
        if quantity is not None and quantity <= 0:
            rules |= {"quantity_not_positive"}
        amount = number(row["line_item_amount"])
        if row["line_item_amount"] and amount is None:
            rules |= {"bad_amount"}
        if amount is not None and amount < 0 and row["transaction_id"].startswith("T"):
            rules |= {"negative_amount"}
        if row["promotion_id"] and row["promotion_id"] not in promotions:
            rules |= {"unknown_promotion"}
        return rules

    return judge


def judge_customers(delivered: Delivered) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in delivered.rows["customer_details"]:
        counts["bad_value"] += not re.fullmatch(r"\d*", row["annual_income"])
        try:
            date.fromisoformat(row["birth_date"])
        except ValueError:
            counts["bad_value"] += 1
    return counts


def number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@pytest.mark.parametrize("quality", ["clean", "spoilt"])
def test_counts_are_what_a_gate_finds(quality: str, request: pytest.FixtureRequest) -> None:
    delivered: Delivered = request.getfixturevalue(quality)
    headers, accepted, broken = judged(
        delivered.rows[HEADERS], ("transaction_id",), judge_header(delivered)
    )
    lines, _, broken_lines = judged(
        delivered.rows[LINES], ("transaction_id", "line_item_id"), judge_line(delivered, accepted)
    )
    found = {
        **{(HEADERS, rule): count for rule, count in headers.items()},
        **{(LINES, rule): count for rule, count in lines.items()},
        ("customer_details", "bad_value"): judge_customers(delivered)["bad_value"],
    }
    assert dict(delivered.files.defects) == {rule: count for rule, count in found.items() if count}
    assert all(len(rules) == 1 for rules in broken + broken_lines), "one rule a row"
    assert (quality == "clean") == (not delivered.files.defects)


def test_every_kind_of_defect_occurs(spoilt: Delivered) -> None:
    of_headers = {rule for data_set, rule in spoilt.files.defects if data_set == HEADERS}
    of_lines = {rule for data_set, rule in spoilt.files.defects if data_set == LINES}
    both = {"missing_key", "duplicate_key", "exact_duplicate", "missing_field", "bad_amount"}
    assert of_headers == both | {
        *("unknown_store", "unknown_customer", "bad_date", "date_out_of_range", "negative_amount"),
    }
    assert of_lines == both | {
        *("header_missing", "header_rejected", "unknown_product", "unknown_promotion"),
        *("bad_quantity", "quantity_not_positive", "negative_amount"),
    }


def test_defect_rate_is_the_share_of_header_rows_and_of_line_rows(spoilt: Delivered) -> None:
    """Lines that only fall with their header are not counted in it."""
    rate = spoilt.options.defect_rate
    headers = sum(n for (data_set, _), n in spoilt.files.defects.items() if data_set == HEADERS)
    assert headers / len(spoilt.rows[HEADERS]) == pytest.approx(rate, rel=0.1)
    lines = sum(
        n
        for (data_set, rule), n in spoilt.files.defects.items()
        if data_set == LINES and rule not in {"header_rejected", "header_missing"}
    )
    assert lines / len(spoilt.rows[LINES]) == pytest.approx(rate * 12 / 13, rel=0.1)


def test_nothing_hangs_on_a_spoilt_sale(spoilt: Delivered) -> None:
    """Sales that come back and the returns themselves stay whole."""
    _, accepted, _ = judged(spoilt.rows[HEADERS], ("transaction_id",), judge_header(spoilt))
    kept = judged(
        spoilt.rows[LINES], ("transaction_id", "line_item_id"), judge_line(spoilt, accepted)
    )[1]
    lines = {(row["transaction_id"], row["product_id"]) for row in spoilt.rows[LINES]
             if (row["transaction_id"], row["line_item_id"]) in kept}  # fmt: skip
    original = {
        row["transaction_id"]: row["original_transaction_id"]
        for row in spoilt.rows[HEADERS]
        if row["transaction_type"] == "RETURN"
    }
    assert len(original) > 500
    assert all((key,) in accepted and (sale,) in accepted for key, sale in original.items())
    for row in spoilt.rows[LINES]:
        if row["transaction_id"] in original:
            assert (original[row["transaction_id"]], row["product_id"]) in lines


def test_no_store_or_product_is_spoilt(spoilt: Delivered, clean: Delivered) -> None:
    for data_set in ("stores", "products", "promotion_details", "loyalty_rules"):
        assert spoilt.rows[data_set] == clean.rows[data_set]
    ids = [row["customer_id"] for row in spoilt.rows["customer_details"]]
    assert ids.count("") == 0
    assert set(ids) == {row["customer_id"] for row in clean.rows["customer_details"]}
