"""Rules of every column and promotions, with versions in later files."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.points.reference.model import Delivery, PromotionVersion, RuleVersion

Date = Callable[[float], dt.date]
NOBODY = Delivery(dt.date.min, None, 0, 0)


def first_rules(dice: random.Random, at: Date) -> list[RuleVersion]:
    """Every condition alone and some together; groups that exclude, tie and stack."""
    groups: list[list[dict[str, Any]]] = [
        [{"rate": "0.37", "category": "toys", "max_points": dice.randint(10, 60), "bonus": 4}],
        [{"rate": "0.5", "weekdays": frozenset({6, 7}), "bonus": 7}],
        [{"rate": "0.25", "store_id": "B", "start_date": at(0.1), "end_date": at(0.7)}],
        [{"rate": "2", "is_first_purchase_only": True, "threshold": "20"}],
        [{"rate": "9", "is_active": False}],
        [{"rate": "0.5", "tier": "Gold"}, {"rate": "0.25", "tier": "silver"}, {"tier": "Diamond"}],
        [{"rate": "9", "category": "postage"}],
        [{"rate": "0.03", "tier": "basic"}, {"rate": "0.02", "tier": "plat"}],
        [{"bonus": 5, "threshold": "300"}],
        [{"event": "WIN_BACK", "bonus": 40}, {"event": "WIN_BACK", "bonus": 90, "threshold": "60"}],
        [
            {"rate": "0.2", "inactive_days": dice.choice([7, 90])},
            {"rate": "0.1", "threshold": "30"},
        ],
        [{"event": "SIGN_UP", "bonus": 100}, {"event": "SIGN_UP", "bonus": 90, "max_points": 60}],
        [{"event": "SIGN_UP", "bonus": 500, "store_id": "A"}],
        [{"event": "SIGN_UP", "bonus": 500, "category": "Toys"}],
        [{"event": "BIRTHDAY", "bonus": 500, "is_first_purchase_only": True}],
        [{"event": "BIRTHDAY", "bonus": 500, "inactive_days": 1}],
        [
            {"event": "BIRTHDAY", "bonus": 80, "tier": "Platinum"},
            {"event": "BIRTHDAY", "bonus": 20},
        ],
        [{"event": "BIRTHDAY", "bonus": 33, "weekdays": frozenset({1, 2, 3})}],
        [{"event": "SIGN_UP", "bonus": 3, "tier": "Bronze"}],
        [{"event": "WIN_BACK", "rate": "0.3", "threshold": "40"}, {"rate": "0.4"}],
        [
            {"rule_id": "10", "rate": "0.1", "threshold": "10", "bonus": 5},
            {"rule_id": "9", "rate": "0.1", "threshold": "10", "bonus": 5},
            {"rule_id": "8", "rate": "0.05", "threshold": "10", "bonus": 5},
        ],
    ]
    alone: list[dict[str, Any]] = [
        {"rule_id": "1", "rate": "1"},
        {"rule_id": "2", "rate": "1", "threshold": "50", "bonus": 25},
        {"rule_id": "3", "rate": "1.00", "threshold": "100.00", "bonus": 50},
        {"rule_id": "W", "event": "WIN_BACK", "bonus": 15, "inactive_days": 60},
        {"rule_id": "S1", "event": "SIGN_UP", "bonus": 10, "threshold": "5"},
        {"rule_id": "S2", "event": "SIGN_UP", "bonus": 12, "rate": "7"},
        {"rule_id": "B1", "event": "BIRTHDAY", "bonus": 30},
    ]
    rules = [_rule(**columns) for columns in alone]
    for number, group in enumerate(groups):
        for place, columns in enumerate(group):
            name = {"rule_id": f"R{number}{'abc'[place]}", "group": f"G{number}"}
            rules.append(_rule(**{**name, **columns}))
    return rules


def changed_rules(dice: random.Random, rules: list[RuleVersion], at: Date) -> list[RuleVersion]:
    """The rules of a later file: some as they were, some changed, some that are new."""
    found = []
    for rule in rules:
        changes: list[dict[str, Any]] = [
            {},
            {"rate": rule.rate + Decimal("0.13")},
            {"bonus": rule.bonus + 3},
            {"threshold": rule.threshold + 10},
            {"is_active": not rule.is_active},
            {"start_date": at(dice.random()), "end_date": None},
            {"end_date": at(dice.random())},
            {"max_points": 25},
        ]
        if dice.random() < 0.5:
            found.append(replace(rule, **dice.choice(changes)))
    new = _rule(rule_id=f"N{dice.randrange(10**6)}", rate="0.11", group=f"N{dice.randrange(3)}")
    return [*found, new]


def first_promotions(at: Date) -> list[PromotionVersion]:
    """One with a multiplier, one with bonus points, one with both, one with neither."""
    columns: list[tuple[str, float, float, str | None, int | None]] = [
        ("M", 0, 0.6, "2", None),
        ("B", 0.2, 1, None, 15),
        ("MB", 0, 1, "1.5", 7),
        ("N", 0, 1, "1", 0),
    ]
    return [
        PromotionVersion(key, NOBODY, at(start), at(end), Decimal(x) if x else None, bonus)
        for key, start, end, x, bonus in columns
    ]


def changed_promotions(
    dice: random.Random, promotions: list[PromotionVersion], at: Date
) -> list[PromotionVersion]:
    """The promotions of a later file."""
    found = []
    for promotion in promotions:
        changes: list[dict[str, Any]] = [
            {},
            {"multiplier": Decimal("3.25")},
            {"bonus": 21},
            {"end_date": max(promotion.start_date, at(dice.random()))},
        ]
        if dice.random() < 0.7:
            found.append(replace(promotion, **dice.choice(changes)))
    return found


def _rule(**columns: Any) -> RuleVersion:
    rate, threshold = (Decimal(columns.pop(name, "0")) for name in ("rate", "threshold"))
    columns = {"bonus": 0, **columns}
    return RuleVersion(delivery=NOBODY, rate=rate, threshold=threshold, **columns)
