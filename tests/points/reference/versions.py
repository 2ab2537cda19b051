"""Which version of a rule or a promotion is in force on a day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from tests.points.reference.model import Delivery, InForce, PromotionVersion, RuleVersion

V = TypeVar("V", RuleVersion, PromotionVersion)
BEGINNING = dt.date(1900, 1, 1)


def rules_in_force(versions: Iterable[RuleVersion], as_of: dt.date) -> list[InForce[RuleVersion]]:
    """The first version counts from its start date, without one from the beginning; a later one
    from its file's date, or from a start date still to come then."""
    versions = list(versions)
    first = _first_delivery([v.delivery for v in versions])
    by_id: dict[str, list[RuleVersion]] = defaultdict(list)
    for version in versions:
        if _arrival(version.delivery) == first or version.delivery.delivered_date <= as_of:
            by_id[version.rule_id].append(version)
    found: list[InForce[RuleVersion]] = []
    for same in by_id.values():
        changes = _changes(sorted(same, key=lambda v: _order(v.delivery)))
        starts = [
            max(
                filter(None, (v.start_date, v.delivery.delivered_date if n else None)),
                default=BEGINNING,
            )
            for n, v in enumerate(changes)
        ]
        found += _numbered(changes, starts)
    return found


def promotions_in_force(
    versions: Iterable[PromotionVersion], as_of: dt.date
) -> list[InForce[PromotionVersion]]:
    """The first version counts from the beginning, a later one from its file's date."""
    by_id: dict[str, list[PromotionVersion]] = defaultdict(list)
    for version in sorted(versions, key=lambda v: _order(v.delivery)):
        known = by_id[version.promotion_id]
        if not known or version.delivery.delivered_date <= as_of:
            known.append(version)
    found: list[InForce[PromotionVersion]] = []
    for same in by_id.values():
        changes = _changes(same)
        starts = [v.delivery.delivered_date if n else BEGINNING for n, v in enumerate(changes)]
        found += _numbered(changes, starts)
    return found


def _numbered(changes: list[V], starts: list[dt.date]) -> list[InForce[V]]:
    """A version ends where the earliest of those after it begins."""
    return [
        InForce(version, n + 1, starts[n], min(starts[n + 1 :], default=None))
        for n, version in enumerate(changes)
    ]


def _changes(versions: list[V]) -> list[V]:
    """Without the deliveries that repeat the version before them."""
    kept: list[V] = []
    for version in versions:
        if not kept or replace(version, delivery=kept[-1].delivery) != kept[-1]:
            kept.append(version)
    return kept


def _order(delivery: Delivery) -> tuple[dt.date, int, int]:
    return delivery.delivered_date, delivery.batch, delivery.row


def _arrival(delivery: Delivery) -> tuple[dt.date, dt.date]:
    return delivery.arrival_date, delivery.file_date or dt.date.min


def _first_delivery(deliveries: list[Delivery]) -> tuple[dt.date, dt.date] | None:
    return min(map(_arrival, deliveries), default=None)
