"""A customer's postings: what each accepted row and each occasion instructs the account to do."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from tests.points.reference.earning import Earned, birthdays, occasion_lots, purchase_lots
from tests.points.reference.lots import Posting
from tests.points.reference.model import (
    CustomerVersion,
    InForce,
    LotKey,
    PointsEvent,
    PromotionVersion,
    RuleVersion,
    Settings,
    TierInterval,
)
from tests.points.reference.purchases import Purchase, in_order
from tests.points.reference.reversal import refunds, reversals
from tests.points.reference.tiers import tier_on

DAY = dt.timedelta(days=1)


def opening_posting(version: CustomerVersion, day: dt.date) -> Posting:
    return Posting(
        kind="OPENING",
        business_date=day,
        points=version.points or 0,
        lot=LotKey("OPENING", day),
        customer_id=version.customer_id,
    )


def occasion_postings(
    customer_id: str,
    joined: dt.date | None,
    birth_date: dt.date | None,
    first_sale: dt.date,
    as_of: dt.date,
    tiers: tuple[TierInterval, ...],
    rules: list[InForce[RuleVersion]],
    settings: Settings,
) -> list[Posting]:
    """Sign-up and birthdays, none before the first accepted sale nor before the joining."""
    occasions = []
    if joined and first_sale <= joined <= as_of:
        occasions.append(("SIGN_UP", joined))
    if birth_date:
        since = max(joined or first_sale, first_sale)
        occasions += [("BIRTHDAY", day) for day in birthdays(birth_date, since, as_of)]
    return [
        _earned_posting(earned, customer_id, day, None, None)
        for event, day in occasions
        for earned in occasion_lots(
            event, day, tier_on(day - DAY, tiers, settings), rules, settings
        )
    ]


def sales_postings(
    purchases: list[Purchase],
    events: list[PointsEvent],
    tiers: tuple[TierInterval, ...],
    rules: list[InForce[RuleVersion]],
    promotions: list[InForce[PromotionVersion]],
    settings: Settings,
) -> list[Posting]:
    """Earnings, reversals, redemptions and refunds of purchases, and all points events."""
    postings = [_event_posting(event) for event in events]
    redeemed: dict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    for posting in postings:
        if posting.kind == "REDEEM" and posting.sale and posting.points:
            redeemed[posting.sale].append((posting.business_date, -posting.points))
    last: dt.date | None = None
    for purchase in sorted(purchases, key=lambda p: in_order(p.header)):
        header = purchase.header
        day, sale = header.business_date, header.transaction_id
        if header.points_redeemed and sale not in redeemed:
            redeemed[sale].append((day, header.points_redeemed))
            postings.append(_header_redemption(purchase))
        days_since = (day - last).days if last and purchase.has_merchandise else None
        is_first = last is None and purchase.has_merchandise
        tier = tier_on(day - DAY, tiers, settings)
        lots = purchase_lots(purchase, days_since, is_first, tier, rules, promotions, settings)
        if purchase.has_merchandise:
            last = day
        for earned in lots:
            credit = _earned_posting(earned, str(header.customer_id), day, sale, header.moment)
            postings.append(credit)
            postings += _reversal_postings(purchase, earned, credit, settings)
        postings += _refund_postings(purchase, redeemed[sale])
    return postings


def _earned_posting(
    earned: Earned,
    customer_id: str,
    day: dt.date,
    transaction_id: str | None,
    moment: dt.datetime | None,
) -> Posting:
    opened_by = "EARN" if earned.base else "BONUS"
    lot = LotKey(opened_by, day, transaction_id, None, earned.rule_id, earned.promotion_id)
    return Posting(
        kind="EARN",
        business_date=day,
        points=earned.base,
        bonus=earned.bonus,
        moment=moment,
        lot=lot,
        customer_id=customer_id,
        transaction_id=transaction_id,
        rule_id=earned.rule_id,
        rule_version=earned.version,
        promotion_id=earned.promotion_id,
    )


def _reversal_postings(
    purchase: Purchase, earned: Earned, credit: Posting, settings: Settings
) -> Iterable[Posting]:
    for back, points in reversals(purchase, earned, settings):
        yield Posting(
            kind="REVERSE",
            business_date=back.header.business_date,
            points=-points,
            moment=back.header.moment,
            lot=credit.lot,
            customer_id=credit.customer_id,
            transaction_id=back.header.transaction_id,
            rule_id=credit.rule_id,
            rule_version=credit.rule_version,
            promotion_id=credit.promotion_id,
        )


def _refund_postings(
    purchase: Purchase, redemptions: list[tuple[dt.date, int]]
) -> Iterable[Posting]:
    for back, points in refunds(purchase, redemptions):
        yield Posting(
            kind="REFUND",
            business_date=back.header.business_date,
            points=points,
            moment=back.header.moment,
            sale=purchase.header.transaction_id,
            customer_id=str(purchase.header.customer_id),
            transaction_id=back.header.transaction_id,
        )


def _header_redemption(purchase: Purchase) -> Posting:
    header = purchase.header
    return Posting(
        kind="REDEEM",
        business_date=header.business_date,
        points=-header.points_redeemed,
        moment=header.moment,
        sale=header.transaction_id,
        customer_id=str(header.customer_id),
        transaction_id=header.transaction_id,
    )


def _event_posting(event: PointsEvent) -> Posting:
    """REDEEM counts by its magnitude, ADJUST is signed."""
    is_redemption = event.kind == "REDEEM"
    is_credit = not is_redemption and event.points > 0
    lot = LotKey("ADJUST", event.business_date, event.transaction_id, event.event_id)
    return Posting(
        kind=event.kind,
        business_date=event.business_date,
        points=-abs(event.points) if is_redemption else event.points,
        moment=event.moment,
        lot=lot if is_credit else None,
        sale=event.transaction_id if is_redemption else None,
        customer_id=event.customer_id,
        transaction_id=event.transaction_id,
        event_id=event.event_id,
    )
