"""The loyalty programme: its rules, and the balance as the till keeps it."""

from __future__ import annotations

from datetime import date

import numpy as np

from seeds_generator.arrays import IntArray, TextArray, texts
from seeds_generator.categories import CATEGORIES
from seeds_generator.products import Assortment
from seeds_generator.sales import Sales

# rule, name, points per unit spent, threshold, bonus, group, category, active. The rules of group
# BASE exclude one another; the category rule comes on top.
RULES = (
    ("R01", "Base", "1.0", "0", "0", "BASE", "", "true"),
    ("R02", "Spend 50", "1.0", "50", "25", "BASE", "", "true"),
    ("R03", "Spend 100", "1.0", "100", "50", "BASE", "", "true"),
    ("R04", "Spend 200", "1.0", "200", "100", "BASE", "", "true"),
    ("R05", "Beauty extra", "1.0", "0", "0", "CATEGORY", "Health & Beauty", "true"),
    ("R06", "Toy season (ended)", "2.0", "30", "0", "CATEGORY", "Toys & Games", "false"),
)
THRESHOLDS = np.array([0, 50_00, 100_00, 200_00])
BONUSES = np.array([0, 25, 50, 100])
EXTRA_CATEGORY = "Health & Beauty"
POINT_COST = 1  # cents that one redeemed point is worth


def rule_columns(first_day: date) -> dict[str, TextArray]:
    """The loyalty rules file; all rules are in force since well before the first day."""
    start = date(first_day.year - 2, 1, 1).isoformat()
    fields = [texts(column) for column in zip(*RULES, strict=True)]
    return {
        "rule_id": fields[0],
        "rule_name": fields[1],
        "points_per_unit_spend": fields[2],
        "min_spend_threshold": fields[3],
        "bonus_points": fields[4],
        "rule_group": fields[5],
        "event": texts(["PURCHASE"] * len(RULES)),
        "product_category": fields[6],
        "start_date": texts([start] * len(RULES)),
        "is_active": fields[7],
    }


def till_points(sales: Sales, assortment: Assortment) -> IntArray:
    """Points each header moves at the till: earned less redeemed, a return taking back its share.

    An approximation of the ledger: the till knows no cumulative reversal and no expiry.
    """
    earns = assortment.is_merchandise[sales.product]
    amount = _sum(sales, np.where(earns, np.abs(sales.amount), 0))
    extra_category = [entry.name for entry in CATEGORIES].index(EXTRA_CATEGORY)
    is_extra = assortment.category[sales.product] == extra_category
    extra = _sum(sales, np.where(is_extra, np.abs(sales.amount), 0))
    eligible = np.maximum(amount - sales.redeemed * POINT_COST, 0)
    bonus = BONUSES[np.searchsorted(THRESHOLDS, eligible, side="right") - 1]
    earned = eligible // 100 + np.minimum(extra, eligible) // 100
    points: IntArray = np.where(sales.is_return, -earned, earned + bonus - sales.redeemed)
    return points


def _sum(sales: Sales, cents: IntArray) -> IntArray:
    return np.bincount(sales.line_header, cents, sales.count).astype(np.int64)
