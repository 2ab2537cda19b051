"""Kinds of defects: rows made wrong on purpose, each against one rule of the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seeds_generator.csv_writer import quoted

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
EVENTS, INVENTORY = "points_events", "store_inventory"
PROMOTIONS, RULES = "promotion_details", "loyalty_rules"
REJECT, WARN, DUPLICATE, OUTLIER = "reject", "warn", "duplicate", "outlier"
SALE, RETURN = "sale", "return"
BAD_AMOUNT = quoted("12,3x")  # the sales files are written without a look at quotes

Change = Callable[[str, int], str]  # (good value, running number) -> what is written instead


@dataclass(frozen=True)
class Defect:
    """One kind: the rule that must find it and what it writes into which columns.

    ``of`` names the rows it may spoil (of sales files: those of a sale or of a return). With
    ``repeats`` the row is delivered again, spoilt, and the good row stays. ``lines_fall`` is the
    rule that finds the lines under a header with this defect.
    """

    kind: str
    data_set: str
    rule: str
    changes: Mapping[str, Change]
    of: str = SALE
    outcome: str = REJECT
    repeats: bool = False
    lines_fall: str = "header_rejected"


def _becomes(text: str) -> Change:
    return lambda _, __: text


def _numbered(pattern: str) -> Change:
    return lambda _, number: pattern % number


def _negated(good: str, _: int) -> str:
    return "-" + good


def _other_payment(good: str, _: int) -> str:
    return "cash" if good == "card" else "card"


def _one_more(good: str, _: int) -> str:
    return str(int(good) + 1)


def _long_ago(good: str, _: int) -> str:
    return "1988" + good[4:]


def _no_date(good: str, _: int) -> str:
    return "not " + good


KINDS: tuple[Defect, ...] = (
    Defect("header_missing_key", HEADERS, "missing_key", {"transaction_id": _becomes("")},
           lines_fall="header_missing"),
    Defect("header_unknown_store", HEADERS, "unknown_store", {"store_id": _becomes("SX99")}),
    Defect("header_bad_date", HEADERS, "bad_date", {"transaction_date": _becomes("2026-13-45")}),
    Defect("header_bad_amount", HEADERS, "bad_amount", {"total_amount": _becomes(BAD_AMOUNT)}),
    Defect("header_exact_duplicate", HEADERS, "exact_duplicate", {}, outcome=DUPLICATE,
           repeats=True),
    Defect("header_unknown_customer", HEADERS, "unknown_customer",
           {"customer_id": _numbered("CX%09d")}),
    Defect("header_missing_store", HEADERS, "missing_field", {"store_id": _becomes("")}),
    Defect("header_negative_amount", HEADERS, "negative_amount", {"total_amount": _negated}),
    Defect("header_duplicate_key", HEADERS, "duplicate_key", {"payment_method": _other_payment},
           repeats=True),
    Defect("header_no_date", HEADERS, "bad_date", {"transaction_date": _becomes("not a date")}),
    Defect("header_missing_date", HEADERS, "missing_field", {"transaction_date": _becomes("")}),
    Defect("header_date_out_of_range", HEADERS, "date_out_of_range",
           {"transaction_date": _long_ago}),
    Defect("header_missing_amount", HEADERS, "missing_field", {"total_amount": _becomes("")}),
    Defect("header_wrong_currency", HEADERS, "wrong_currency", {"currency": _becomes("XTS")}),
    Defect("header_return_without_sale", HEADERS, "return_without_sale",
           {"original_transaction_id": _numbered("TX%09d")}, of=RETURN),
    Defect("header_return_before_sale", HEADERS, "return_before_sale",
           {"transaction_date": _becomes("1999-12-31T12:00:00")}, of=RETURN),
    Defect("line_missing_product", LINES, "missing_field", {"product_id": _becomes("")}),
    Defect("line_unknown_product", LINES, "unknown_product", {"product_id": _numbered("PX%09d")}),
    Defect("line_quantity_zero", LINES, "quantity_not_positive", {"quantity": _becomes("0")}),
    Defect("line_bad_quantity", LINES, "bad_quantity", {"quantity": _becomes("two")}),
    Defect("line_bad_amount", LINES, "bad_amount", {"line_item_amount": _becomes(BAD_AMOUNT)}),
    Defect("line_header_missing", LINES, "header_missing", {"transaction_id": _numbered("TX%09d")}),
    Defect("line_exact_duplicate", LINES, "exact_duplicate", {}, outcome=DUPLICATE, repeats=True),
    Defect("line_missing_key", LINES, "missing_key", {"line_item_id": _becomes("")}),
    Defect("line_quantity_negative", LINES, "quantity_not_positive", {"quantity": _becomes("-1")}),
    Defect("line_unknown_promotion", LINES, "unknown_promotion",
           {"promotion_id": _becomes("PRX99")}, outcome=WARN),
    Defect("line_negative_amount", LINES, "negative_amount", {"line_item_amount": _negated}),
    Defect("line_duplicate_key", LINES, "duplicate_key", {"quantity": _one_more}, repeats=True),
    Defect("line_missing_quantity", LINES, "missing_field", {"quantity": _becomes("")}),
    Defect("line_return_exceeds_sale", LINES, "return_exceeds_sale", {"quantity": _becomes("999")},
           of=RETURN),
    Defect("event_unknown_customer", EVENTS, "unknown_customer",
           {"customer_id": _numbered("CX%09d")}),
    Defect("event_missing_key", EVENTS, "missing_key", {"event_id": _becomes("")}),
    Defect("event_bad_type", EVENTS, "bad_value", {"event_type": _becomes("GIFT")}),
    Defect("event_bad_points", EVENTS, "bad_amount", {"points": _becomes("many")}),
    Defect("event_missing_date", EVENTS, "missing_field", {"event_at": _becomes("")}),
    Defect("event_exact_duplicate", EVENTS, "exact_duplicate", {}, outcome=DUPLICATE,
           repeats=True),
    # Two spoilt counts must not become the same row: that would be an exact duplicate.
    Defect("stock_unknown_store", INVENTORY, "unknown_store", {"store_id": _numbered("SX%09d")}),
    Defect("stock_missing_key", INVENTORY, "missing_key",
           {"product_id": _becomes(""), "stock_on_hand": _numbered("%d")}),
    Defect("stock_bad_quantity", INVENTORY, "bad_quantity", {"stock_on_hand": _becomes("full")}),
    Defect("stock_negative", INVENTORY, "negative_stock", {"stock_on_hand": _becomes("-3")},
           outcome=WARN),
    Defect("stock_bad_date", INVENTORY, "bad_date", {"inventory_date": _no_date}),
    Defect("promotion_bad_discount", PROMOTIONS, "bad_discount",
           {"promotion_id": _numbered("PRX%09d"), "discount_percentage": _becomes("half price")},
           repeats=True),
    Defect("promotion_bad_dates", PROMOTIONS, "bad_date",
           {"promotion_id": _numbered("PRX%09d"), "end_date": _becomes("1999-01-01")},
           repeats=True),
    Defect("rule_bad_rate", RULES, "bad_rule",
           {"rule_id": _numbered("RX%09d"), "points_per_unit_spend": _becomes("double")},
           repeats=True),
)  # fmt: skip
