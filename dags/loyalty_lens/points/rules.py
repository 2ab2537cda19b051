"""Every version of every rule and promotion that gives points, and when it is in force."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loyalty_lens.points.replay import Replay, replaying
from loyalty_lens.points.source import Source, source_of
from loyalty_lens.settings import Settings

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Versions that are delivered for later dates are told too: the models see all of them.
ALL_DATES = "select date 'infinity' as business_date"
# A version without a date is in force from 1900-01-01 on, which nobody wants to read.
RULES = """
select
    'rule' as kind, rules.rule_id as id, rules.rule_version as version, rules.rule_name as name,
    rules.event, rules.rule_group as "group",
    nullif(greatest(rules.valid_from, rules.start_date), date '1900-01-01') as first_day,
    least(rules.end_date, rules.valid_to - 1) as last_day,
    rules.is_active, rules.points_per_unit_spend as rate,
    rules.min_spend_threshold as threshold, rules.bonus_points as bonus,
    cast(null as numeric) as multiplier,
    rules.product_category, rules.store_id, rules.tier, rules.weekdays,
    rules.is_first_purchase_only, rules.inactive_days, rules.max_points,
    batches.source_file, rules._batch_id, rules._row_number
from pg_temp.loyalty_rules as rules
left join ops.load_batches as batches on rules._batch_id = batches.batch_id
order by rules.rule_id collate "C", rules.rule_version
"""
PROMOTIONS = """
select
    'promotion' as kind, promotions.promotion_id as id, promotions.promotion_version as version,
    promotions.promotion_name as name, 'PURCHASE' as event, null as "group",
    greatest(promotions.valid_from, promotions.start_date) as first_day,
    least(promotions.end_date, promotions.valid_to - 1) as last_day,
    true as is_active, null as rate, null as threshold,
    greatest(coalesce(promotions.bonus_points, 0), 0) as bonus,
    greatest(promotions.points_multiplier, 1) as multiplier,
    null as product_category, null as store_id, null as tier, null as weekdays,
    false as is_first_purchase_only, null as inactive_days, null as max_points,
    batches.source_file, promotions._batch_id, promotions._row_number
from pg_temp.promotion_versions as promotions
left join ops.load_batches as batches on promotions._batch_id = batches.batch_id
where promotions.points_multiplier > 1 or promotions.bonus_points > 0
order by promotions.promotion_id collate "C", promotions.promotion_version
"""


@dataclass(frozen=True)
class RuleVersion:
    """One version of a rule, or of a promotion that gives points."""

    kind: str  # rule or promotion
    id: str
    version: int
    name: str
    event: str
    group: str | None
    first_day: dt.date | None  # None: from the beginning
    last_day: dt.date | None  # inclusive; None: no end
    status: str  # on the business date: in force, to come, over, off, never
    rate: Decimal | None  # points per unit of money
    threshold: Decimal | None  # in the warehouse's currency, inclusive
    bonus: int
    multiplier: Decimal | None  # of a promotion
    conditions: tuple[str, ...]  # in words; all must hold
    source: Source | None

    @property
    def is_in_force(self) -> bool:
        """Whether it earns on the business date."""
        return self.status == "in force"


@dataclass(frozen=True)
class Rules:
    """All versions, rules first."""

    business_date: dt.date | None
    versions: tuple[RuleVersion, ...]


def rules(settings: Settings, url: str) -> Rules:
    """The versions that are accepted by now, later ones included; `status` as of the marts' date.

    Raises PointsError where nothing is built yet.
    """
    with replaying(settings, url) as replay:
        business_date = business_date_of(replay)
        replay.put("as_of", ALL_DATES)
        replay.build("loyalty_rules", "promotion_versions")
        found = replay.rows(RULES) + replay.rows(PROMOTIONS)
    return Rules(business_date, tuple(_version(row, business_date) for row in found))


def business_date_of(replay: Replay) -> dt.date | None:
    """The as-of date of the marts."""
    (row,) = replay.rows("select business_date from clean.as_of")
    date: dt.date | None = row["business_date"]
    return date


def _version(row: dict[str, Any], business_date: dt.date | None) -> RuleVersion:
    source = source_of(row)
    is_active = row.pop("is_active")
    parts = {
        name: row.pop(name)
        for name in (
            "product_category",
            "store_id",
            "tier",
            "weekdays",
            "is_first_purchase_only",
            "inactive_days",
            "max_points",
        )
    }
    return RuleVersion(
        **row,
        status=_status(row["first_day"], row["last_day"], business_date, is_active=is_active),
        conditions=tuple(_conditions(row["event"], **parts)),
        source=source,
    )


def _status(
    first: dt.date | None, last: dt.date | None, today: dt.date | None, *, is_active: bool
) -> str:
    if last and first and last < first:
        return "never"  # replaced before it began
    if not is_active:
        return "off"
    if today and first and first > today:
        return "to come"
    return "over" if today and last and last < today else "in force"


def _conditions(
    event: str,
    *,
    product_category: str | None,
    store_id: str | None,
    tier: str | None,
    weekdays: str | None,
    is_first_purchase_only: bool,
    inactive_days: int | None,
    max_points: int | None,
) -> list[str]:
    told = {"SIGN_UP": "on joining", "BIRTHDAY": "on each birthday", "WIN_BACK": "wins back"}
    found = [told[event]] if event in told else []
    if product_category:
        found.append(f"category {product_category}")
    if store_id:
        found.append(f"store {store_id}")
    if tier:
        found.append(f"tier {tier}")
    if weekdays:
        found.append("on " + ", ".join(WEEKDAYS[int(day) - 1] for day in weekdays.split(",")))
    if is_first_purchase_only:
        found.append("first purchase only")
    if inactive_days is not None:
        found.append(f"after {inactive_days} days without a purchase")
    if max_points is not None:
        found.append(f"at most {max_points:,} points")
    return found
