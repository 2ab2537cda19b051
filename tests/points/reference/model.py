"""What goes into a reckoning and what comes out. Money is Decimal, points are int, never float."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

T = TypeVar("T")

TIERS = (
    ("Bronze", Decimal(0)),
    ("Silver", Decimal(500)),
    ("Gold", Decimal(2000)),
    ("Platinum", Decimal(5000)),
)
TIER_ALIASES = {
    **dict.fromkeys(("basic", "standard", "regular", "member"), "Bronze"),
    "plat": "Platinum",
}


@dataclass(frozen=True)
class Settings:
    """The settings that change points; tiers from the lowest up, aliases in lower case."""

    point_cost: Decimal = Decimal("0.01")
    validity_months: int = 12
    expiry: str = "months"
    pending_days: int = 0
    rounding: str = "floor"
    reverse_threshold_bonus: bool = False
    tiers: tuple[tuple[str, Decimal], ...] = TIERS
    tier_aliases: Mapping[str, str] = field(default_factory=lambda: TIER_ALIASES)


@dataclass(frozen=True)
class Delivery:
    """The file in which a version came, and when: versions are ordered by it."""

    arrival_date: dt.date
    file_date: dt.date | None
    batch: int
    row: int

    @property
    def delivered_date(self) -> dt.date:
        return self.file_date or self.arrival_date


@dataclass(frozen=True)
class CustomerVersion:
    customer_id: str
    delivery: Delivery
    points: int | None = None
    status: str | None = None
    birth_date: dt.date | None = None
    customer_since: dt.date | None = None
    modified_at: dt.datetime | None = None

    @property
    def version_at(self) -> dt.datetime:
        """Orders the versions: `modified_at`, else the date of the file, else of its arrival."""
        midnight = dt.datetime.combine(self.delivery.delivered_date, dt.time(), dt.UTC)
        return self.modified_at or midnight

    @property
    def version_date(self) -> dt.date:
        return self.version_at.date()


@dataclass(frozen=True)
class Product:
    product_id: str
    category: str
    is_merchandise: bool = True


@dataclass(frozen=True)
class RuleVersion:
    """One delivered version of a rule. Weekdays are ISO numbers; none: every day."""

    rule_id: str
    delivery: Delivery
    rate: Decimal
    threshold: Decimal
    bonus: int
    group: str | None = None
    event: str = "PURCHASE"
    category: str | None = None
    store_id: str | None = None
    tier: str | None = None
    weekdays: frozenset[int] = frozenset()
    is_first_purchase_only: bool = False
    inactive_days: int | None = None
    max_points: int | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    is_active: bool = True


@dataclass(frozen=True)
class PromotionVersion:
    promotion_id: str
    delivery: Delivery
    start_date: dt.date
    end_date: dt.date
    multiplier: Decimal | None = None
    bonus: int | None = None


@dataclass(frozen=True)
class InForce(Generic[T]):
    """A version, its number, and the half-open interval of dates on which it counts."""

    version: T
    number: int
    valid_from: dt.date
    valid_to: dt.date | None

    def holds(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class Header:
    """A sale or a return; the amount of a return is a magnitude here."""

    transaction_id: str
    customer_id: str | None
    store_id: str
    business_date: dt.date
    moment: dt.datetime
    total_amount: Decimal
    points_redeemed: int = 0
    is_return: bool = False
    original_transaction_id: str | None = None


@dataclass(frozen=True)
class Line:
    """A line; amount and quantity of a returned one are magnitudes here."""

    transaction_id: str
    product_id: str
    amount: Decimal
    promotion_id: str | None = None
    quantity: Decimal = Decimal(1)
    line_item_id: str = ""


@dataclass(frozen=True)
class PointsEvent:
    event_id: str
    customer_id: str
    kind: str
    points: int
    business_date: dt.date
    moment: dt.datetime
    transaction_id: str | None = None


@dataclass(frozen=True)
class LotKey:
    """What a lot is known by: what opened it. `opened_by` is the type of its first entry."""

    opened_by: str
    business_date: dt.date
    transaction_id: str | None = None
    event_id: str | None = None
    rule_id: str | None = None
    promotion_id: str | None = None
    # Of a lot that a refund opens: the sale; a return that takes back several opens one for each.
    sale: str | None = None


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger; `sale`: of a reversal or refund what it takes back."""

    customer_id: str
    entry_type: str
    business_date: dt.date
    points: int
    repaid_points: int = 0
    lot: LotKey | None = None
    valid_through: dt.date | None = None
    transaction_id: str | None = None
    event_id: str | None = None
    rule_id: str | None = None
    rule_version: int | None = None
    promotion_id: str | None = None
    sale: str | None = None


@dataclass(frozen=True)
class Lot:
    key: LotKey
    original_points: int
    remaining_points: int
    valid_through: dt.date
    available_from: dt.date


@dataclass(frozen=True)
class TierInterval:
    """A tier held from a day to before another (none: still)."""

    tier: str
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True)
class Account:
    """Everything about a customer's points on the as-of date."""

    customer_id: str
    entries: tuple[Entry, ...]
    lots: tuple[Lot, ...]
    debt: int
    tiers: tuple[TierInterval, ...]

    @property
    def balance(self) -> int:
        return sum(entry.points for entry in self.entries)
