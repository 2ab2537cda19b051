"""The days of the data: their names and how busy they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from dateutil.easter import easter

from seeds_generator.arrays import FloatArray, IntArray, TextArray, date_text
from seeds_generator.options import GeneratorOptions

WEEKDAYS = np.array([0.86, 0.84, 0.90, 0.97, 1.18, 1.42, 0.83])  # Monday first
MONTHS = np.array([0.88, 0.90, 0.95, 0.98, 1.00, 1.01, 0.97, 0.94, 0.99, 1.02, 1.14, 1.32])


@dataclass(frozen=True)
class Calendar:
    """Day numbers: 0 is the first day, ``total - 1`` the last that is written.

    ``busyness`` is the expected traffic of each day relative to an average day, and like ``names``
    goes on to the horizon. ``months`` are those of the days, counted on.
    """

    first: date
    history: int
    total: int
    horizon: int
    busyness: FloatArray
    names: TextArray  # ISO dates
    months: IntArray

    @property
    def origin(self) -> np.datetime64:
        """Day 0 as numpy sees it."""
        return np.datetime64(self.first, "D")

    def day(self, number: int) -> date:
        """The date of a day number."""
        return self.first + timedelta(days=number)


def build_calendar(options: GeneratorOptions) -> Calendar:
    """The calendar of the options."""
    numbers = np.arange(options.horizon)
    origin = np.datetime64(options.first_day, "D")
    days = origin + numbers
    months = days.astype("datetime64[M]").astype(np.int64)
    weekdays = (numbers + options.first_day.weekday()) % 7
    busyness = WEEKDAYS[weekdays] * MONTHS[months % 12]
    last = options.first_day + timedelta(days=options.horizon - 1)
    for year in range(options.first_day.year, last.year + 1):
        for day, factor in holidays(year).items():
            if options.first_day <= day <= last:
                busyness[(day - options.first_day).days] *= factor
    return Calendar(
        first=options.first_day,
        history=options.history_days,
        total=options.total_days,
        horizon=options.horizon,
        busyness=busyness,
        names=date_text(numbers, origin),
        months=months,
    )


def holidays(year: int) -> dict[date, float]:
    """Days that are busier or quieter than their weekday and month say, with the factor."""
    sunday = easter(year)
    black_friday = _nth_weekday(year, 11, weekday=3, number=4) + timedelta(days=1)
    fixed = {
        (1, 1): 0.1,
        (1, 2): 1.15,  # the sales begin
        (2, 13): 1.2,
        (2, 14): 1.25,
        (5, 1): 0.2,
        (10, 31): 1.1,
        (12, 24): 0.8,
        (12, 25): 0.05,
        (12, 26): 0.15,
        (12, 27): 1.2,
        (12, 31): 0.8,
    }
    found = {date(year, month, day): factor for (month, day), factor in fixed.items()}
    found |= {date(year, 12, day): 1.25 for day in range(15, 24)}
    found |= {sunday - timedelta(days=days): 1.3 for days in (3, 4, 1)}
    found |= {sunday - timedelta(days=2): 0.3, sunday: 0.1, sunday + timedelta(days=1): 0.2}
    found |= {black_friday: 1.7, black_friday + timedelta(days=1): 1.35}
    return found


def _nth_weekday(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
