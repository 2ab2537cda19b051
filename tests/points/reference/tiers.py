"""The tier of each day: up at once, down at a month end after 30 days below."""

import datetime as dt
from decimal import Decimal

from tests.points.reference.model import Settings, TierInterval
from tests.points.reference.purchases import Purchase

DAY = dt.timedelta(days=1)
WINDOW = 365
GRACE = 30
FLOOR = 365


def tier_history(
    purchases: list[Purchase],
    opening: dt.date | None,
    status: str | None,
    as_of: dt.date,
    settings: Settings,
) -> tuple[TierInterval, ...]:
    """Day by day from the earlier of the opening and the first purchase with merchandise."""
    bought = [p for p in purchases if p.has_merchandise]
    first = min(
        [p.header.business_date for p in bought] + ([opening] if opening else []), default=None
    )
    if first is None or first > as_of:
        return ()
    delivered = tier_named(status, settings) or 0
    changes = _metric_changes(bought, first, as_of)
    metric = Decimal()
    metrics: list[Decimal] = []
    held = 0
    starts: list[tuple[int, dt.date]] = []
    for n in range((as_of - first).days + 1):
        day = first + n * DAY
        metric = changes.get(day, metric)
        metrics.append(metric)
        reached = _reached(metric, settings)
        is_floored = opening is not None and opening <= day < opening + FLOOR * DAY
        floor = delivered if is_floored else 0
        is_review = _is_month_end(day) and _is_below(metrics, settings.tiers[held][1])
        if max(reached, floor) > held or is_review:
            held = max(reached, floor)
        if not starts or starts[-1][0] != held:
            starts.append((held, day))
    ends: list[dt.date | None] = [day for _, day in starts[1:]]
    return tuple(
        TierInterval(settings.tiers[tier][0], start, end)
        for (tier, start), end in zip(starts, [*ends, None], strict=True)
    )


def tier_on(day: dt.date, history: tuple[TierInterval, ...], settings: Settings) -> str:
    """The tier held on a day; before the customer's first day the lowest."""
    for interval in history:
        if interval.valid_from <= day and (interval.valid_to is None or day < interval.valid_to):
            return interval.tier
    return settings.tiers[0][0]


def tier_named(status: str | None, settings: Settings) -> int | None:
    """The place of the tier that a customer file calls by this word, if it is one."""
    word = (status or "").lower()
    name = settings.tier_aliases.get(word, word)
    names = [tier.lower() for tier, _ in settings.tiers]
    return names.index(name.lower()) if name.lower() in names else None


def is_called(tier: str, word: str, settings: Settings) -> bool:
    """Whether a word means a tier."""
    place = tier_named(word, settings)
    return place is not None and settings.tiers[place][0] == tier


def metric_on(day: dt.date, bought: list[Purchase]) -> Decimal:
    """Net merchandise spend of the purchases of the 365 days up to a day."""
    window = [p for p in bought if 0 <= (day - p.header.business_date).days < WINDOW]
    return sum((p.net_amount(day) for p in window), Decimal())


def _metric_changes(
    bought: list[Purchase], first: dt.date, as_of: dt.date
) -> dict[dt.date, Decimal]:
    """The metric on the only days on which it can change: bought, returned, out of the window."""
    days = {first}
    for purchase in bought:
        days |= {purchase.header.business_date, purchase.header.business_date + WINDOW * DAY}
        days |= {r.header.business_date for r in purchase.returns}
    return {day: metric_on(day, bought) for day in days if first <= day <= as_of}


def _reached(metric: Decimal, settings: Settings) -> int:
    return max(
        n for n, (_, threshold) in enumerate(settings.tiers) if n == 0 or metric >= threshold
    )


def _is_below(metrics: list[Decimal], threshold: Decimal) -> bool:
    """Below on each of the last 30 days; before the customer's first day nothing was spent."""
    return all(metric < threshold for metric in metrics[-GRACE:])


def _is_month_end(day: dt.date) -> bool:
    return (day + DAY).day == 1
