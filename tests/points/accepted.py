"""The accepted rows of any warehouse, as its clean layer reads them, for the reference."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from tests.points.reference.account import Shop
from tests.points.reference.model import (
    CustomerVersion,
    Delivery,
    Header,
    Line,
    PointsEvent,
    Product,
    PromotionVersion,
    RuleVersion,
)

Query = Callable[[str], list[tuple[Any, ...]]]
DELIVERY = "coalesce(_arrival_date, date '1900-01-01'), _file_date, _batch_id, _row_number"


def accepted_shop(query: Query) -> tuple[Shop, dt.date]:
    """Everything that points follow from, and the as-of date of the last build."""
    ((as_of,),) = query("select business_date from clean.as_of")
    shop = Shop(
        customers=_customers(query),
        products=[
            Product(*row)
            for row in query(
                "select product_id, product_category, is_merchandise from clean.products"
            )
        ],
        rules=_rules(query),
        promotions=_promotions(query),
        headers=[
            Header(*row)
            for row in query(
                "select transaction_id, customer_id, store_id, business_date, sold_at,"
                " abs(total_amount), points_redeemed, is_return, original_transaction_id"
                " from clean.sales"
            )
        ],
        lines=[
            Line(*row)
            for row in query(
                "select transaction_id, product_id, abs(line_amount), promotion_id, abs(quantity),"
                " line_item_id"
                " from clean.sale_lines"
            )
        ],
        events=[
            PointsEvent(*row)
            for row in query(
                "select event_id, customer_id, event_type, points, business_date, event_at,"
                " transaction_id from clean.points_events"
            )
        ],
    )
    return shop, as_of


def _customers(query: Query) -> list[CustomerVersion]:
    return [
        CustomerVersion(customer_id, Delivery(*delivery), *values)
        for customer_id, *values, delivery in _with_delivery(
            query,
            "customer_id, total_loyalty_points, loyalty_status, birth_date, customer_since,"
            " modified_at",
            "stg_customer_details",
        )
    ]


def _rules(query: Query) -> list[RuleVersion]:
    return [
        RuleVersion(
            rule_id=rule_id,
            delivery=Delivery(*delivery),
            rate=rate,
            threshold=threshold,
            bonus=bonus or 0,
            group=group,
            event=event or "PURCHASE",
            category=None if (category or "").upper() == "ALL" else category,
            store_id=store_id,
            tier=tier,
            weekdays=frozenset(map(int, weekdays.split(","))) if weekdays else frozenset(),
            is_first_purchase_only=bool(is_first),
            inactive_days=inactive_days,
            max_points=max_points,
            start_date=start_date,
            end_date=end_date,
            is_active=is_active is not False,
        )
        for (
            rule_id, rate, threshold, bonus, group, event, category, store_id, tier, weekdays,
            is_first, inactive_days, max_points, start_date, end_date, is_active, delivery,
        ) in _with_delivery(
            query,
            "rule_id, points_per_unit_spend, min_spend_threshold, bonus_points, rule_group, event,"
            " product_category, store_id, tier, weekdays, is_first_purchase_only, inactive_days,"
            " max_points, start_date, end_date, is_active",
            "stg_loyalty_rules",
        )
    ]  # fmt: skip


def _promotions(query: Query) -> list[PromotionVersion]:
    return [
        PromotionVersion(promotion_id, Delivery(*delivery), *values)
        for promotion_id, *values, delivery in _with_delivery(
            query,
            "promotion_id, start_date, end_date, points_multiplier, bonus_points",
            "stg_promotion_details",
            "cast(version_at at time zone 'UTC' as date), cast(null as date), _batch_id,"
            " _row_number",
        )
    ]


def _with_delivery(
    query: Query, columns: str, view: str, delivery: str = DELIVERY
) -> list[tuple[Any, ...]]:
    """The columns of a staging view, and the four of the delivery together at the end."""
    rows = query(f"select {columns}, {delivery} from staging.{view}")
    return [(*row[:-4], row[-4:]) for row in rows]
