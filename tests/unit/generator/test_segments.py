"""At demo size every ingredient of the segments is there."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.generator.conftest import Delivered


@pytest.fixture(scope="module")
def rfm(clean: Delivered) -> dict[str, tuple[int, int, Decimal]]:
    """Recency in days, purchases and gross spend of every buyer as of the last day."""
    found: dict[str, tuple[int, int, Decimal]] = {}
    for row in clean.rows["store_sales_header"]:
        key = row["customer_id"]
        if key and row["transaction_type"] == "SALE":
            recency, frequency, monetary = found.get(key, (9999, 0, Decimal(0)))
            days = (clean.options.end - date.fromisoformat(row["transaction_date"][:10])).days
            total = monetary + Decimal(row["total_amount"])
            found[key] = (min(recency, days), frequency + 1, total)
    return found


def test_there_are_repeat_buyers_lapsed_ones_and_members_who_never_buy(
    clean: Delivered, rfm: dict[str, tuple[int, int, Decimal]]
) -> None:
    assert sum(frequency >= 2 for _, frequency, _ in rfm.values()) >= 500
    assert sum(recency >= 30 for recency, _, _ in rfm.values()) > 100
    assert sum(recency < 7 for recency, _, _ in rfm.values()) > 100
    assert clean.options.customers - len(rfm) > 100


def test_frequency_is_heavy_tailed(rfm: dict[str, tuple[int, int, Decimal]]) -> None:
    counts = sorted(frequency for _, frequency, _ in rfm.values())
    top = counts[-len(counts) // 10 :]
    assert sum(top) > 0.25 * sum(counts)


def test_all_twelve_value_and_engagement_segments_have_members(
    rfm: dict[str, tuple[int, int, Decimal]],
) -> None:
    """Semantics, section 0: three value tiers by four engagement states."""
    recencies, frequencies, amounts = zip(*rfm.values(), strict=True)
    middle = (median(recencies), median(frequencies), median(amounts))
    cells: Counter[tuple[int, bool, bool]] = Counter()
    for recency, frequency, monetary in rfm.values():
        tier = (monetary > middle[2]) + (monetary > 2 * middle[2])
        cells[tier, recency < middle[0], frequency > middle[1]] += 1
    assert len(cells) == 12
    assert min(cells.values()) >= 3


def test_there_are_at_risk_customers_with_points(
    clean: Delivered, rfm: dict[str, tuple[int, int, Decimal]]
) -> None:
    opening = {
        row["customer_id"]: int(row["total_loyalty_points"])
        for row in reversed(clean.rows["customer_details"])
    }
    assert sum(recency >= 30 and opening[key] > 0 for key, (recency, _, _) in rfm.items()) > 100


def test_every_mart_has_something_to_show(clean: Delivered) -> None:
    """Returns, points spent and (after 12 months) expired, empty shelves, promotions to compare."""
    rows, options = clean.rows, clean.options
    assert sum(row["transaction_type"] == "RETURN" for row in rows["store_sales_header"]) > 500
    assert sum(row["event_type"] == "REDEEM" for row in rows["points_events"]) > 100
    assert sum(row["stock_on_hand"] == "0" for row in rows["store_inventory"]) > 100
    assert options.total_days > 366 + 28, "points of the first weeks expire"
    assert sum(int(row["total_loyalty_points"]) for row in rows["customer_details"]) > 10_000
    comparable = [
        promotion
        for promotion in clean.files.promotions
        if (promotion.start - options.first_day).days >= 14
        and promotion.end <= options.end
        and len(promotion.stores) <= options.stores // 2
        and not promotion.overlaps
    ]
    assert len(comparable) >= 2
