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
from seeds_generator.schedule import Window, group_stores, place
from seeds_generator.stores import Stores

EVERYTHING = len(CATEGORIES)  # category number of a promotion on the whole assortment
LEAD = 28  # quiet days before the first promotion, to compare with
LENGTHS = (14, 21, 10, 14, 7)
PERCENT = (5, 10, 15, 20, 25, 30)
# Relative change in units while it runs; one has no effect at all, one drives customers away.
UPLIFTS = (0.40, 0.0, 0.60, 0.20, -0.15, 0.80, 0.30)
# A deeper discount brings more; where nothing is gained, it had any depth.
PERCENT_OF_UPLIFT = {0.20: 10, 0.30: 15, 0.40: 20, 0.60: 25, 0.80: 30}
SALE_LENGTH = 4  # days of the one storewide sale, which has no effect either
DIP_DAYS = 14  # after a promotion that only brought purchases forward
PULLED_FORWARD = (0.0, 0.0, 0.0, 0.35)  # share of the gain that is missing afterwards
CHANNELS = texts(["In-store", "E-mail", "App", "Print"])
SEASONS = (
    "Winter Sale",
    "Valentine's Days",
    "Spring Start",
    "Easter Special",
    "May Days",
    "Early Summer",
    "Summer Sale",
    "Back to School",
    "Autumn Weeks",
    "Harvest Offer",
    "Black Weeks",
    "Advent Days",
)


@dataclass(frozen=True)
class Promotions:
    """Promotions by row; days are inclusive, ``takes_part`` is promotions x stores.

    ``dip`` is the relative loss in units on the ``DIP_DAYS`` days after the end.
    """

    ids: TextArray
    names: TextArray
    category: IntArray
    start: IntArray
    end: IntArray
    percent: IntArray
    uplift: FloatArray
    dip: FloatArray
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
        order = np.lexsort((-np.arange(self.count), self.category != EVERYTHING))
        for row in order.tolist():
            self._fill(table, row, first, int(self.start[row]), int(self.end[row]), row)
        return table

    def demand(self, first: int, last: int, stores: int) -> FloatArray:
        """Units sold relative to an ordinary day, for the same cells."""
        running = self.cells(first, last, stores)
        table = np.ones(running.shape)
        for row in np.flatnonzero(self.dip > 0).tolist():
            end = int(self.end[row])
            self._fill(table, row, first, end + 1, end + DIP_DAYS, 1 - self.dip[row])
        return np.where(running >= 0, 1 + np.append(self.uplift, 0.0)[running], table)

    def _fill(
        self, table: IntArray | FloatArray, row: int, first: int, start: int, end: int, value: float
    ) -> None:
        """Writes ``value`` where a promotion takes part, from day ``start`` to ``end``."""
        start, end = max(start, first), min(end, first + len(table) - 1)
        if start > end:
            return
        if self.category[row] == EVERYTHING:
            categories = np.array([entry.is_merchandise for entry in CATEGORIES])
        else:
            categories = np.arange(len(CATEGORIES)) == self.category[row]
        window = table[start - first : end - first + 1]
        window[:, self.takes_part[row][:, None] & categories[None, :]] = value

    def columns(self, rows: IntArray, calendar: Calendar) -> dict[str, TextArray]:
        """The promotion file for these rows."""
        last_name = max(calendar.horizon, int(self.end.max(initial=0)) + 1)
        days = texts(calendar.day(number).isoformat() for number in range(last_name))
        return {
            "promotion_id": self.ids[rows],
            "promotion_name": self.names[rows],
            "start_date": days[self.start[rows]],
            "end_date": days[self.end[rows]],
            "discount_percentage": texts(f"{value / 100:.2f}" for value in self.percent[rows]),
            "applicable_category": category_names()[self.category[rows]],
            "channel": self.channel[rows],
            "offer_type": texts(["PERCENT_OFF"] * len(rows)),
            "cost": money_text(self.cost[rows]),
            "points_multiplier": integer_text(np.ones(len(rows), dtype=np.int64)),
            "bonus_points": integer_text(np.zeros(len(rows), dtype=np.int64)),
        }


def build_promotions(options: GeneratorOptions, calendar: Calendar, stores: Stores) -> Promotions:
    """The promotions of the options, spread over the period, and as many a day after it.

    The last one of the period starts on the second daily day and so is announced by a daily drop.
    With six or more, the third is a storewide sale of a few days. In the same store and category
    none runs during another, during the days compared with it or during its dip, if there is room.
    """
    total = calendar.total
    lead = min(LEAD, total // 4)
    written = options.promotions
    spacing = max((total - lead) // max(written, 1), 1)
    count = written + (options.ahead_days // spacing if written else 0)
    rows = np.arange(count)
    goods = [number for number, entry in enumerate(CATEGORIES) if entry.is_merchandise]
    category = np.array(goods)[rows % len(goods)]
    length = np.minimum(np.array(LENGTHS)[rows % len(LENGTHS)], total)
    uplift = np.array(UPLIFTS)[rows % len(UPLIFTS)]
    if written >= 6:
        category[2], length[2], uplift[2] = EVERYTHING, min(SALE_LENGTH, total), 0.0
    pulled = np.array(PULLED_FORWARD)[rows % len(PULLED_FORWARD)]
    dip = np.clip(pulled * uplift * length / DIP_DAYS, 0.0, 0.6)
    wishes = []
    for row in rows.tolist():
        wish = lead + row * (total - lead) // max(written, 1)
        earliest, latest = total, calendar.horizon - 1
        if row < written:
            earliest, latest = min(lead, total - 1), max(total - int(length[row]), 0)
            if wish < options.history_days:  # what the history announces stays in it
                latest = min(latest, options.history_days - 1)
            wish = min(wish, latest)
            if row == written - 1 and written > 1 and options.days > 1:
                earliest = wish = latest = options.history_days + 1
        dip_days = DIP_DAYS if dip[row] else 0
        category_row = int(category[row])
        wishes.append(Window(row, category_row, wish, int(length[row]), dip_days, earliest, latest))
    start, takes_part = _scheduled(options, wishes, stores.count)
    rngs = [stream(options.seed, "promotion", row) for row in range(count)]
    return Promotions(
        ids=numbered("PR%03d", rows + 1),
        names=_names(calendar, category, start),
        category=category,
        start=start,
        end=start + length - 1,
        percent=_percent(rngs, uplift),
        uplift=uplift,
        dip=dip,
        takes_part=takes_part,
        channel=texts(CHANNELS[rng.integers(0, len(CHANNELS))] for rng in rngs),
        cost=np.array([1000 * rng.integers(40, 900) for rng in rngs], dtype=np.int64),
    )


def _percent(rngs: list[np.random.Generator], uplift: FloatArray) -> IntArray:
    """The discount of each promotion, by what it brings."""
    anything = [PERCENT[rng.integers(0, len(PERCENT))] for rng in rngs]
    chosen = [
        PERCENT_OF_UPLIFT.get(gain, other)
        for gain, other in zip(uplift.tolist(), anything, strict=True)
    ]
    return np.array(chosen, dtype=np.int64)


def _scheduled(
    options: GeneratorOptions, wishes: list[Window], stores: int
) -> tuple[IntArray, BoolArray]:
    """First day of each promotion, and who takes part: promotions x stores."""
    start = np.array([wish.start for wish in wishes], dtype=np.int64)
    takes_part = np.zeros((len(wishes), stores), dtype=np.bool_)
    groups = group_stores(stream(options.seed, "promotion stores"), stores)
    for category in sorted({wish.category for wish in wishes}):
        of_it = [wish for wish in wishes if wish.category == category]
        if category == EVERYTHING:
            takes_part[of_it[0].row, groups.sale] = True
            continue
        number, placed = place(of_it, groups.most)
        parts = groups.parts(stream(options.seed, "promotion stores", category), number)
        for window, part in placed:
            start[window.row] = window.start
            takes_part[window.row, parts[part]] = True
    return start, takes_part


def _names(calendar: Calendar, category: IntArray, start: IntArray) -> TextArray:
    """Season, category and year; a number where that was there before."""
    names: list[str] = []
    for number, first in zip(category.tolist(), start.tolist(), strict=True):
        day = calendar.day(first)
        what = "Everything" if number == EVERYTHING else CATEGORIES[number].name
        name = f"{SEASONS[day.month - 1]} {day.year}: {what}"
        again = sum(other.startswith(name) for other in names)
        names.append(f"{name} ({again + 1})" if again else name)
    return texts(names)


def category_names() -> TextArray:
    """The categories by number, and at the end what stands for all of them."""
    return texts([*(entry.name for entry in CATEGORIES), ALL_CATEGORIES])
