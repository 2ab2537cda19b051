"""Promotions: when, where, on what, and what they really achieve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    integer_text,
    money_text,
    numbered,
    stream,
    texts,
)
from seeds_generator.calendar import Calendar
from seeds_generator.categories import ALL_CATEGORIES, CATEGORIES
from seeds_generator.options import GeneratorOptions
from seeds_generator.result import PromotionTruth
from seeds_generator.stores import Stores

EVERYTHING = len(CATEGORIES)  # category number of a promotion on the whole assortment
LEAD = 28  # quiet days before the first promotion, to compare with
LENGTHS = (14, 21, 10, 14, 7)
PERCENT = (5, 10, 15, 20, 25, 30)
UPLIFTS = (0.40, 0.0, 0.60, 0.20, 0.80, 0.30)  # relative gain in units; one has no effect at all
SALE_LENGTH = 4  # days of the one storewide sale, which has no effect either
CHANNELS = texts(["In-store", "E-mail", "App", "Print"])
THEMES = ("Days", "Festival", "Weeks", "Special", "Favourites", "Offer")


@dataclass(frozen=True)
class Promotions:
    """Promotions by row; days are inclusive, ``takes_part`` is promotions x stores."""

    ids: TextArray
    names: TextArray
    category: IntArray
    start: IntArray
    end: IntArray
    percent: IntArray
    uplift: FloatArray
    takes_part: BoolArray
    channel: TextArray
    cost: IntArray

    @property
    def count(self) -> int:
        """Number of promotions."""
        return len(self.ids)

    def cells(self, first: int, last: int, stores: int) -> IntArray:
        """Days ``first`` to ``last`` x stores x categories -> the promotion there, or -1.

        Where two meet, the one with the lower number counts; the storewide sale gives way.
        """
        table = np.full((last - first + 1, stores, len(CATEGORIES)), -1, dtype=np.int64)
        goods = np.array([entry.is_merchandise for entry in CATEGORIES])
        order = np.lexsort((-np.arange(self.count), self.category != EVERYTHING))
        for row in order.tolist():
            start, end = max(self.start[row], first), min(self.end[row], last)
            if start > end:
                continue
            everything = self.category[row] == EVERYTHING
            categories = goods if everything else np.arange(len(goods)) == self.category[row]
            window = table[start - first : end - first + 1]
            window[:, self.takes_part[row][:, None] & categories[None, :]] = row
        return table

    def columns(self, rows: IntArray, calendar: Calendar) -> dict[str, TextArray]:
        """The promotion file for these rows."""
        last_name = max(calendar.total, int(self.end.max(initial=0)) + 1)
        days = texts(calendar.day(number).isoformat() for number in range(last_name))
        return {
            "promotion_id": self.ids[rows],
            "promotion_name": self.names[rows],
            "start_date": days[self.start[rows]],
            "end_date": days[self.end[rows]],
            "discount_percentage": texts(f"{value / 100:.2f}" for value in self.percent[rows]),
            "applicable_category": _category_names()[self.category[rows]],
            "channel": self.channel[rows],
            "offer_type": texts(["PERCENT_OFF"] * len(rows)),
            "cost": money_text(self.cost[rows]),
            "points_multiplier": integer_text(np.ones(len(rows), dtype=np.int64)),
            "bonus_points": integer_text(np.zeros(len(rows), dtype=np.int64)),
        }

    def truth(self, calendar: Calendar, stores: Stores) -> tuple[PromotionTruth, ...]:
        """What each promotion really is and does."""
        names = _category_names()
        return tuple(
            PromotionTruth(
                promotion_id=self.ids[row],
                category=names[self.category[row]],
                start=calendar.day(int(self.start[row])),
                end=calendar.day(int(self.end[row])),
                stores=tuple(stores.ids[self.takes_part[row]].tolist()),
                discount=int(self.percent[row]) / 100,
                uplift=float(self.uplift[row]),
            )
            for row in range(self.count)
        )


def build_promotions(options: GeneratorOptions, calendar: Calendar, stores: Stores) -> Promotions:
    """The promotions of the options, spread over the period.

    The last one starts on the second daily day and so is announced by a daily drop. With six or
    more, the third is a storewide sale of a few days.
    """
    rng = stream(options.seed, "promotions")
    count, total = options.promotions, calendar.total
    rows = np.arange(count)
    goods = [number for number, entry in enumerate(CATEGORIES) if entry.is_merchandise]
    category = np.array(goods)[rows % len(goods)]
    length = np.minimum(np.array(LENGTHS)[rows % len(LENGTHS)], total)
    uplift = np.array(UPLIFTS)[rows % len(UPLIFTS)]
    if count >= 6:
        category[2], length[2], uplift[2] = EVERYTHING, min(SALE_LENGTH, total), 0.0
    lead = min(LEAD, total // 4)
    start = lead + (rows * (total - lead) // max(count, 1))
    start = np.minimum(start, np.maximum(total - length, 0))
    if count > 1 and options.days > 1:
        start[-1] = options.history_days + 1
    names = _category_names()
    return Promotions(
        ids=numbered("PR%03d", rows + 1),
        names=texts(
            ("Everything" if number == EVERYTHING else str(names[number]))
            + f" {THEMES[row % len(THEMES)]} {calendar.day(int(start[row])):%B %Y}"
            for row, number in enumerate(category.tolist())
        ),
        category=category,
        start=start,
        end=start + length - 1,
        percent=np.array(PERCENT)[rng.integers(0, len(PERCENT), count)],
        uplift=uplift,
        takes_part=_participants(rng, count, stores.count),
        channel=CHANNELS[rng.integers(0, len(CHANNELS), count)],
        cost=rng.integers(40, 900, count) * 1000,
    )


def _participants(rng: np.random.Generator, promotions: int, stores: int) -> BoolArray:
    """Half of the stores each; the others are there to compare with."""
    size = max(stores // 2, 1)
    ranks = rng.random((promotions, stores)).argsort(axis=1).argsort(axis=1)
    return ranks < size


def _category_names() -> TextArray:
    return texts([*(entry.name for entry in CATEGORIES), ALL_CATEGORIES])
