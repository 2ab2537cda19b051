"""The accounts of all customers of a shop, reckoned one after the other."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.points.reference.lots import Fold
from tests.points.reference.model import (
    Account,
    CustomerVersion,
    Header,
    Line,
    PointsEvent,
    Product,
    PromotionVersion,
    RuleVersion,
    Settings,
)
from tests.points.reference.postings import occasion_postings, opening_posting, sales_postings
from tests.points.reference.purchases import purchases
from tests.points.reference.tiers import tier_history
from tests.points.reference.versions import promotions_in_force, rules_in_force

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Shop:
    """The accepted rows. Headers and events of guests name nobody and are left out."""

    customers: list[CustomerVersion]
    products: list[Product]
    rules: list[RuleVersion]
    promotions: list[PromotionVersion]
    headers: list[Header]
    lines: list[Line]
    events: list[PointsEvent]


def accounts(shop: Shop, as_of: dt.date, settings: Settings) -> Iterator[Account]:
    """Every customer who is known on the as-of date or named by a row up to it."""
    headers = [h for h in shop.headers if h.business_date <= as_of]
    first_sale = min((h.business_date for h in shop.headers), default=None)
    products = {product.product_id: product for product in shop.products}
    rules = rules_in_force(shop.rules, as_of)
    promotions = promotions_in_force(shop.promotions, as_of)
    lines_of: dict[str, list[Line]] = defaultdict(list)
    headers_of: dict[str, list[Header]] = defaultdict(list)
    events_of: dict[str, list[PointsEvent]] = defaultdict(list)
    for line in shop.lines:
        lines_of[line.transaction_id].append(line)
    for header in headers:
        if header.customer_id is not None:
            headers_of[header.customer_id].append(header)
    for event in shop.events:
        if event.business_date <= as_of:
            events_of[event.customer_id].append(event)
    versions_of = _versions_of(shop.customers, as_of)
    first_delivery = _first_delivery(shop.customers)
    known = {
        customer_id
        for customer_id, (first, *_) in versions_of.items()
        if first.version_date <= as_of or _arrival(first) == first_delivery
    }
    for customer_id in sorted({*known, *headers_of, *events_of}):
        versions = versions_of.get(customer_id, [])
        opening = _opening_day(versions, first_sale)
        if opening is not None and opening > as_of:
            opening = None
        bought = purchases(headers_of[customer_id], lines_of, products, settings)
        status = versions[0].status if versions else None
        tiers = tier_history(bought, opening, status, as_of, settings)
        postings = sales_postings(
            bought, events_of[customer_id], tiers, rules, promotions, settings
        )
        if versions and opening is not None:
            postings.append(opening_posting(versions[0], opening))
        if versions and first_sale is not None:
            postings += occasion_postings(
                customer_id,
                _joined(versions, first_delivery),
                versions[-1].birth_date,
                first_sale,
                as_of,
                tiers,
                rules,
                settings,
            )
        fold = Fold(settings)
        fold.run(postings, as_of)
        yield Account(customer_id, tuple(fold.entries), fold.lots, fold.debt, tiers)


def _versions_of(
    versions: list[CustomerVersion], as_of: dt.date
) -> dict[str, list[CustomerVersion]]:
    """Each customer's first version and those up to the as-of date."""
    found: dict[str, list[CustomerVersion]] = defaultdict(list)
    for version in sorted(versions, key=_order):
        if version.version_date <= as_of or version.customer_id not in found:
            found[version.customer_id].append(version)
    return found


def _opening_day(versions: list[CustomerVersion], first_sale: dt.date | None) -> dt.date | None:
    """The day before the date of the earliest version's file, undated: before the first sale."""
    if not versions:
        return None
    day = versions[0].delivery.file_date or first_sale
    return day - DAY if day else None


def _joined(
    versions: list[CustomerVersion], first_delivery: tuple[dt.date, dt.date] | None
) -> dt.date | None:
    """The newest `customer_since`, else the date of the first version's file, if it came later than
    the first delivery of customers."""
    if versions[-1].customer_since:
        return versions[-1].customer_since
    first = versions[0]
    return None if _arrival(first) == first_delivery else first.delivery.delivered_date


def _order(version: CustomerVersion) -> tuple[dt.datetime, int, int]:
    return version.version_at, version.delivery.batch, version.delivery.row


def _arrival(version: CustomerVersion) -> tuple[dt.date, dt.date]:
    return version.delivery.arrival_date, version.delivery.file_date or dt.date.min


def _first_delivery(versions: list[CustomerVersion]) -> tuple[dt.date, dt.date] | None:
    return min(map(_arrival, versions), default=None)
