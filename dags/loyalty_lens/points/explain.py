"""A customer's balance on any date, down to lots, rules, versions and the records behind them."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loyalty_lens.errors import PointsError
from loyalty_lens.points import explain_queries as queries
from loyalty_lens.points.replay import Replay, replaying
from loyalty_lens.points.rules import business_date_of
from loyalty_lens.points.source import Source, source_of
from loyalty_lens.settings import Settings


@dataclass(frozen=True)
class Lot:
    """Points that were earned together; all counts in points, up to the date."""

    lot_id: str
    opened_by: str  # OPENING, EARN, BONUS, ADJUST or REFUND
    opened_on: dt.date
    transaction_id: str | None
    event_id: str | None
    store_id: str | None
    rule_id: str | None
    promotion_id: str | None
    version: int | None  # of the rule or the promotion, in force on that day
    name: str | None  # of the rule or the promotion
    amount: Decimal | None  # that the rule earned on, in the warehouse's currency
    rate: Decimal | None  # points per unit of it
    original: int
    repaid: int  # of it, what paid debt and so never could be spent
    spent: int
    reversed: int
    adjusted: int  # taken by negative adjustments
    refunded: int  # came back
    expired: int
    remaining: int
    is_pending: bool
    available_from: dt.date
    valid_through: dt.date
    source: Source | None  # the record of the sale, event or customer
    rule_source: Source | None  # the record of the rule or promotion


@dataclass(frozen=True)
class Entry:
    """A line of the ledger and the balance after it."""

    business_date: dt.date
    entry_type: str
    points: int
    balance: int
    lot_id: str | None  # None: debt
    lot_opened_on: dt.date | None
    transaction_id: str | None
    event_id: str | None
    rule_id: str | None
    promotion_id: str | None
    version: int | None
    source: Source | None


@dataclass(frozen=True)
class Tier:
    """The tier on the date, and what it rests on."""

    tier: str
    since: dt.date | None
    spend: Decimal  # net merchandise spend of the window, in the warehouse's currency
    window_days: int
    threshold: Decimal  # of the tier held
    reached_tier: str  # by that spend alone
    next_tier: str | None
    missing_spend: Decimal | None  # to the next tier
    delivered_tier: str | None  # by the customer's first record
    floor_until: dt.date | None  # last day on which that tier is the least, where it is not over


@dataclass(frozen=True)
class Account:
    """All of it; balance = available + pending - debt = sum of the entries."""

    customer_id: str
    date: dt.date
    business_date: dt.date  # of the marts
    balance: int
    available: int
    pending: int
    debt: int
    movements: dict[str, int]  # entry type: sum of points
    next_expiry_date: dt.date | None
    next_expiry_points: int
    lots: tuple[Lot, ...]
    entries: tuple[Entry, ...]
    tier: Tier


def explain(settings: Settings, url: str, customer_id: str, date: dt.date | None) -> Account:
    """The account of a customer at the end of `date` (None: the marts' business date).

    It is what is known today of that day: the postings up to it, worked off as a build with that
    business date would. Raises PointsError where there is no such customer, or no such day yet.
    """
    with replaying(settings, url) as replay:
        business_date = business_date_of(replay)
        if business_date is None:
            raise PointsError("no sale was ever accepted, so there are no points: lens run")
        date = date or business_date
        if date > business_date:
            raise PointsError(
                f"{date} is later than the business date of the marts, {business_date}:"
                " what happens until then is not known yet; choose a date up to it"
            )
        if not replay.rows("select 1 from clean.customers where customer_id = %s", customer_id):
            for row in replay.rows(queries.KEPT, customer_id):
                kept = row["merged_into"]
                raise PointsError(
                    f"customer {customer_id!r} was merged into {kept!r}: lens explain {kept}"
                )
            raise PointsError(f"there is no customer {customer_id!r} in clean.customers")
        return _account(replay, customer_id, date, business_date)


def _account(replay: Replay, customer_id: str, date: dt.date, business_date: dt.date) -> Account:
    replay.put("as_of", "select cast(%s as date) as business_date", date)
    for model, query in queries.OF_CUSTOMER.items():
        replay.put(model, query, customer_id)
    replay.build("purchases", "tier_history", "tier_standings")
    replay.build("points_movements", "points_ledger", "points_lots", "points_balances")
    (balance,) = replay.rows(queries.BALANCE)
    return Account(
        customer_id=customer_id,
        date=date,
        business_date=business_date,
        movements={row["entry_type"]: row["points"] for row in replay.rows(queries.MOVEMENTS)},
        lots=tuple(_lot(row) for row in replay.rows(queries.LOTS)),
        entries=tuple(_entry(row) for row in replay.rows(queries.ENTRIES)),
        tier=_tier(replay),
        **balance,
    )


def _entry(row: dict[str, Any]) -> Entry:
    source = source_of(row)
    return Entry(**row, source=source)


def _lot(row: dict[str, Any]) -> Lot:
    source, rule_source = source_of(row), source_of(row, "rule_")
    return Lot(**row, source=source, rule_source=rule_source)


def _tier(replay: Replay) -> Tier:
    window, floor = (replay.models.var(name) for name in ("tier_window_days", "tier_floor_days"))
    (row,) = replay.rows(queries.TIER, floor)
    return Tier(**row, window_days=int(window))
