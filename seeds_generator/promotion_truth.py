"""What the promotions really did, also where there was no room to keep two of them apart."""

from __future__ import annotations

import numpy as np

from seeds_generator.calendar import Calendar
from seeds_generator.categories import CATEGORIES
from seeds_generator.promotions import DIP_DAYS, EVERYTHING, Promotions, category_names
from seeds_generator.result import PromotionTruth
from seeds_generator.schedule import COMPARED, Window
from seeds_generator.stores import Stores


def promotion_truth(
    promotions: Promotions, calendar: Calendar, stores: Stores
) -> tuple[PromotionTruth, ...]:
    """What each promotion that is announced by the last written day is and does."""
    names = category_names()
    windows = [_window(promotions, row) for row in range(promotions.count)]
    found = []
    for row in np.flatnonzero(promotions.start < calendar.total).tolist():
        overlaps = [other.row for other in windows if _disturbs(promotions, other, windows[row])]
        uplift, dip = float(promotions.uplift[row]), float(promotions.dip[row])
        found.append(
            PromotionTruth(
                promotion_id=promotions.ids[row],
                category=names[promotions.category[row]],
                start=calendar.day(int(promotions.start[row])),
                end=calendar.day(int(promotions.end[row])),
                stores=tuple(stores.ids[promotions.takes_part[row]].tolist()),
                discount=int(promotions.percent[row]) / 100,
                uplift=uplift,
                dip=dip,
                dip_days=windows[row].dip_days,
                overlaps=tuple(promotions.ids[overlaps].tolist()),
                effective=(
                    _effect(promotions, windows[row], calendar, stores)
                    if overlaps
                    else (uplift, dip)
                ),
            )
        )
    return tuple(found)


def _window(promotions: Promotions, row: int) -> Window:
    start = int(promotions.start[row])
    length = int(promotions.end[row]) - start + 1
    dip_days = DIP_DAYS if promotions.dip[row] else 0
    return Window(row, int(promotions.category[row]), start, length, dip_days, start, start)


def _disturbs(promotions: Promotions, one: Window, other: Window) -> bool:
    """Whether ``one`` changes sales on days and in stores that the other is measured by."""
    return (
        one.row != other.row
        and (one.category == other.category or EVERYTHING in (one.category, other.category))
        and one.disturbs(other)
        and bool((promotions.takes_part[one.row] & promotions.takes_part[other.row]).any())
    )


def _effect(
    promotions: Promotions, window: Window, calendar: Calendar, stores: Stores
) -> tuple[float, float]:
    """Gain within the window and loss on the days after it, against the days before it."""
    before = _demand(promotions, window, calendar, stores, window.start - COMPARED, window.start)
    within = _demand(promotions, window, calendar, stores, window.start, window.end + 1)
    after = _demand(
        promotions, window, calendar, stores, window.end + 1, window.end + 1 + window.dip_days
    )
    return within / before - 1, (1 - after / before if window.dip_days else 0.0)


def _demand(
    promotions: Promotions, window: Window, calendar: Calendar, stores: Stores, start: int, end: int
) -> float:
    """Mean demand on the days from ``start`` to before ``end``, weighted by the traffic."""
    start, end = max(start, 0), min(end, calendar.horizon)
    if start >= end:
        return 1.0
    demand = promotions.demand(start, end - 1, stores.count)
    share = np.array([entry.share * entry.is_merchandise for entry in CATEGORIES])
    if window.category != EVERYTHING:
        share = (np.arange(len(CATEGORIES)) == window.category).astype(np.float64)
    traffic = stores.weight * promotions.takes_part[window.row]
    by_day = demand @ share @ traffic
    busy = calendar.busyness[start:end]
    return float(busy @ by_day / (busy.sum() * share.sum() * traffic.sum()))
