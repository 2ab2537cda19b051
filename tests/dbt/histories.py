"""Random shops: sales, returns in parts, redemptions and adjustments under mixed rules."""

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.dbt.warehouse import Warehouse

FIRST_DAY = dt.date(2025, 11, 1)
CATEGORIES = ("Toys", "Food", "Books", "Postage")

Row = dict[str, Any]


@dataclass
class History:
    """The accepted rows of a shop."""

    customers: list[Row]
    products: list[Row]
    promotions: list[Row]
    rules: list[Row]
    headers: list[Row]
    lines: list[Row]
    events: list[Row]

    def load(self, warehouse: Warehouse) -> None:
        """Writes it all into a warehouse, in undated files."""
        masters: dict[str, list[Row]] = {
            "stores": [{"store_id": store, "time_zone": "Asia/Kolkata"} for store in "AB"],
            "customer_details": self.customers,
            "products": self.products,
            "promotion_details": self.promotions,
            "loyalty_rules": self.rules,
        }
        for data_set, rows in masters.items():
            warehouse.load(data_set, rows, arrival=FIRST_DAY)
        warehouse.load("store_sales_header", self.headers)
        warehouse.load("store_sales_line_items", self.lines)
        warehouse.load("points_events", self.events)


def random_history(seed: int, sales: int) -> History:
    """Sales, returns in parts, redemptions and adjustments of some customers under mixed rules."""
    dice = random.Random(seed)  # noqa: S311
    customers = [
        {
            "customer_id": f"C{n}",
            "total_loyalty_points": dice.choice([0, 0, 100, 250, None]),
            "customer_since": FIRST_DAY + dt.timedelta(days=3 * n) if n % 2 else None,
        }
        for n in range(40)
    ]
    products = [
        {
            "product_id": f"P{n}",
            "product_category": CATEGORIES[n % 4],
            "is_merchandise": "no" if n % 4 == 3 else None,
        }
        for n in range(16)
    ]
    promotions = [
        {
            "promotion_id": "DOUBLE",
            "start_date": FIRST_DAY,
            "end_date": FIRST_DAY + dt.timedelta(days=89),
            "discount_percentage": "0.1",
            "points_multiplier": "2",
        }
    ]
    history = History(customers, products, promotions, _rules(dice), [], [], [])
    for number in range(sales):
        _add_sale(history, dice, f"T{number:05d}")
    return history


def _rules(dice: random.Random) -> list[Row]:
    names = ("rule_id", "points_per_unit_spend", "min_spend_threshold", "bonus_points")
    basic = [("1", "1.0", "0", "0"), ("2", "1.0", "50", "25"), ("3", "1.00", "100.00", "50")]
    rules: list[Row] = [dict(zip(names, rule, strict=True)) for rule in basic]
    conditional: list[tuple[str, Row]] = [
        ("0.37", {"product_category": "toys", "max_points": dice.randint(10, 20)}),
        ("0.5", {"weekdays": "sat, sun", "bonus_points": "7"}),
        ("0.25", {"store_id": "B", "start_date": "2025-12-01", "end_date": "2026-01-15"}),
        ("2", {"first_purchase_only": "yes", "min_spend_threshold": "20"}),
        ("9", {"is_active": "no"}),
        ("9", {"tier": "Gold"}),
        ("9", {"product_category": "postage"}),
        ("9", {"event": "SIGN_UP", "bonus_points": "11"}),
    ]
    rules += [
        {**dict(zip(names, (f"R{n}", rate, "0", "0"), strict=True)), "rule_group": f"G{n}", **more}
        for n, (rate, more) in enumerate(conditional)
    ]
    # Two rules of one group with equal thresholds: most points win, then the lower id as text.
    tie = dict(zip(names, ("10", "0.1", "10", "5"), strict=True))
    return [*rules, {**tie, "rule_group": "tie"}, {**tie, "rule_id": "9", "rule_group": "tie"}]


def _add_sale(history: History, dice: random.Random, key: str) -> None:
    day = FIRST_DAY + dt.timedelta(days=dice.randrange(90))
    moment = dt.datetime.combine(day, dt.time(dice.randrange(24), dice.randrange(60)))
    customer = dice.choice([c["customer_id"] for c in history.customers] * 6 + [None])
    store = dice.choice("AB")
    lines = [
        {
            "transaction_id": key,
            "line_item_id": str(place),
            "product_id": dice.choice(history.products)["product_id"],
            "promotion_id": dice.choice([None, None, "DOUBLE"]),
            "quantity": "1",
            "line_item_amount": Decimal(dice.randrange(1, 8000)) / 100,
        }
        for place in range(dice.randrange(4))
    ]
    total = sum((line["line_item_amount"] for line in lines), Decimal()) or Decimal("12.34")
    redeemed = dice.choice([None, None, None, 20, -35])
    history.lines += lines
    history.headers.append(
        {
            "transaction_id": key,
            "customer_id": customer,
            "store_id": store,
            "transaction_date": moment,
            "total_amount": total,
            "points_redeemed": redeemed,
        }
    )
    if customer and redeemed and dice.random() < 0.5:
        event = {"event_type": "REDEEM", "points": abs(redeemed), "transaction_id": key}
        history.events.append(_event(history, customer, moment, event))
    if customer and dice.random() < 0.1:
        adjustment = {"event_type": "ADJUST", "points": dice.choice([-30, 15])}
        history.events.append(_event(history, customer, moment, adjustment))
    for part in range(dice.choice([0, 0, 0, 1, 2, 3])):
        share = Decimal(dice.randrange(1, 40)) / 100
        amount = (total * share).quantize(Decimal("0.01"))
        later = moment + dt.timedelta(days=part + 1, minutes=part)
        history.headers.append(
            {
                "transaction_id": f"{key}-R{part}",
                "customer_id": customer,
                "store_id": store,
                "transaction_date": later,
                "total_amount": dice.choice([amount, -amount]),
                "transaction_type": "RETURN",
                "original_transaction_id": key,
            }
        )


def _event(history: History, customer: str, moment: dt.datetime, more: Row) -> Row:
    number = f"E{len(history.events)}"
    return {"event_id": number, "customer_id": customer, "event_at": moment, **more}
