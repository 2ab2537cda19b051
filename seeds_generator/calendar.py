"""The days of the data: their names and how busy they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from seeds_generator.arrays import FloatArray, TextArray, date_text
from seeds_generator.options import GeneratorOptions

WEEKDAYS = np.array([0.86, 0.84, 0.90, 0.97, 1.18, 1.42, 0.83])  # Monday first
MONTHS = np.array([0.88, 0.90, 0.95, 0.98, 1.00, 1.01, 0.97, 0.94, 0.99, 1.02, 1.14, 1.32])


@dataclass(frozen=True)
class Calendar:
    """Day numbers: 0 is the first day of history, ``total - 1`` the last daily day.

    ``busyness`` is the expected traffic of each day relative to an average day.
    """

    first: date
    history: int
    total: int
    busyness: FloatArray
    names: TextArray  # ISO dates

    @property
    def origin(self) -> np.datetime64:
        """Day 0 as numpy sees it."""
        return np.datetime64(self.first, "D")

    def day(self, number: int) -> date:
        """The date of a day number."""
        return self.first + timedelta(days=number)


def build_calendar(options: GeneratorOptions) -> Calendar:
    """The calendar of the options."""
    numbers = np.arange(options.total_days)
    origin = np.datetime64(options.first_day, "D")
    days = origin + numbers
    months = days.astype("datetime64[M]").astype(np.int64) % 12
    weekdays = (numbers + options.first_day.weekday()) % 7
    return Calendar(
        first=options.first_day,
        history=options.history_days,
        total=options.total_days,
        busyness=WEEKDAYS[weekdays] * MONTHS[months],
        names=date_text(numbers, origin),
    )
