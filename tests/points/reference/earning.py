"""What a purchase, a sign-up or a birthday earns."""

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from tests.points.reference.model import InForce, PromotionVersion, RuleVersion, Settings
from tests.points.reference.purchases import Purchase
from tests.points.reference.tiers import is_called

ROUNDING = {"floor": ROUND_FLOOR, "round": ROUND_HALF_UP, "ceil": ROUND_CEILING}
WIN_BACK_DAYS = 30


@dataclass(frozen=True)
class Earned:
    """The lot that a rule or a promotion gives; the threshold is its rule's."""

    base: int
    bonus: int
    rule_id: str | None
    promotion_id: str | None
    version: int
    threshold: Decimal = Decimal()

    @property
    def points(self) -> int:
        return self.base + self.bonus


def rounded(points: Decimal, settings: Settings) -> int:
    return int(points.to_integral_value(ROUNDING[settings.rounding]))


def purchase_lots(
    purchase: Purchase,
    days_since_last: int | None,
    is_first: bool,
    tier: str,
    rules: Iterable[InForce[RuleVersion]],
    promotions: Iterable[InForce[PromotionVersion]],
    settings: Settings,
) -> list[Earned]:
    """One lot for the winner of each group, one for each promotion. A purchase without an eligible
    amount earns nothing."""
    if purchase.eligible_amount <= 0:
        return []
    candidates: list[tuple[RuleVersion, Earned]] = []
    for in_force in rules:
        rule = in_force.version
        if _matches(in_force, purchase, days_since_last, is_first, tier, settings):
            amount = _rule_amount(rule, purchase)
            base = rounded(amount * rule.rate, settings)
            candidates.append((rule, _capped(in_force, base, rule.threshold)))
    winners = _winners(candidates)
    lots = [earned for _, earned in winners]
    rate = sum((rule.rate for rule, _ in winners if rule.category is None), Decimal())
    return lots + _promotion_lots(purchase, rate, promotions, settings)


def occasion_lots(
    event: str,
    day: dt.date,
    tier: str,
    rules: Iterable[InForce[RuleVersion]],
    settings: Settings,
) -> list[Earned]:
    """What a sign-up or a birthday earns: bonus points alone, whatever the rate and threshold."""
    candidates: list[tuple[RuleVersion, Earned]] = []
    for in_force in rules:
        rule = in_force.version
        is_about_purchases = (
            rule.store_id is not None
            or rule.category is not None
            or rule.is_first_purchase_only
            or rule.inactive_days is not None
        )
        if rule.event == event and not is_about_purchases and _runs(in_force, day, tier, settings):
            candidates.append((rule, _capped(in_force, 0, Decimal())))
    return [earned for _, earned in _winners(candidates)]


def birthdays(birth_date: dt.date, first: dt.date, last: dt.date) -> list[dt.date]:
    """The anniversaries from one day to another; who was born on 29 February has it on the 28th."""
    days = []
    for year in range(max(first.year, birth_date.year + 1), last.year + 1):
        is_moved = (birth_date.month, birth_date.day) == (2, 29) and not calendar.isleap(year)
        day = dt.date(year, 2, 28) if is_moved else birth_date.replace(year=year)
        if first <= day <= last:
            days.append(day)
    return days


def _matches(
    in_force: InForce[RuleVersion],
    purchase: Purchase,
    days_since_last: int | None,
    is_first: bool,
    tier: str,
    settings: Settings,
) -> bool:
    rule = in_force.version
    inactive_days = rule.inactive_days
    if rule.event == "WIN_BACK" and inactive_days is None:
        inactive_days = WIN_BACK_DAYS
    return (
        rule.event in ("PURCHASE", "WIN_BACK")
        and _runs(in_force, purchase.header.business_date, tier, settings)
        and purchase.eligible_amount >= rule.threshold
        and _rule_amount(rule, purchase) > 0
        and rule.store_id in (None, purchase.header.store_id)
        and (is_first or not rule.is_first_purchase_only)
        and (
            inactive_days is None
            or (days_since_last is not None and days_since_last >= inactive_days)
        )
    )


def _runs(in_force: InForce[RuleVersion], day: dt.date, tier: str, settings: Settings) -> bool:
    rule = in_force.version
    return (
        in_force.holds(day)
        and rule.is_active
        and (rule.start_date or dt.date.min) <= day <= (rule.end_date or dt.date.max)
        and (not rule.weekdays or day.isoweekday() in rule.weekdays)
        and (rule.tier is None or is_called(tier, rule.tier, settings))
    )


def _rule_amount(rule: RuleVersion, purchase: Purchase) -> Decimal:
    """The amount that a rule earns on: of its category, at most what is eligible."""
    if rule.category is None:
        return purchase.eligible_amount
    of_category = purchase.category_amounts.get(rule.category.lower(), Decimal())
    return min(purchase.eligible_amount, of_category)


def _capped(in_force: InForce[RuleVersion], base: int, threshold: Decimal) -> Earned:
    """The cap holds for base and bonus together and cuts the bonus first."""
    rule = in_force.version
    bonus = rule.bonus
    if rule.max_points is not None:
        base = min(base, rule.max_points)
        bonus = min(bonus, rule.max_points - base)
    return Earned(base, bonus, rule.rule_id, None, in_force.number, threshold)


def _winners(candidates: list[tuple[RuleVersion, Earned]]) -> list[tuple[RuleVersion, Earned]]:
    """One of each group: highest threshold, then most points, then the lowest id as text. Rules of
    one event without a group are one group."""
    groups: dict[tuple[str, str], list[tuple[RuleVersion, Earned]]] = {}
    for rule, earned in candidates:
        group = ("group", rule.group) if rule.group is not None else ("event", rule.event)
        groups.setdefault(group, []).append((rule, earned))
    return [
        min(group, key=lambda it: (-it[1].threshold, -it[1].points, it[0].rule_id))
        for group in groups.values()
    ]


def _promotion_lots(
    purchase: Purchase,
    rate: Decimal,
    promotions: Iterable[InForce[PromotionVersion]],
    settings: Settings,
) -> list[Earned]:
    day = purchase.header.business_date
    lots = []
    for in_force in promotions:
        promotion = in_force.version
        promoted = purchase.promoted_amounts.get(promotion.promotion_id, Decimal())
        amount = min(purchase.eligible_amount, promoted)
        if amount <= 0 or not in_force.holds(day):
            continue
        if not promotion.start_date <= day <= promotion.end_date:
            continue
        multiplier = max(Decimal(1), promotion.multiplier or Decimal(1))
        base = rounded(amount * rate * (multiplier - 1), settings)
        bonus = promotion.bonus or 0
        lots.append(Earned(base, bonus, None, promotion.promotion_id, in_force.number))
    return lots
