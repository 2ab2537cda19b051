"""Late files: the sales of a store's day that come one to three days after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import IntArray, stream
from seeds_generator.calendar import Calendar
from seeds_generator.options import GeneratorOptions
from seeds_generator.spoiling import Block
from seeds_generator.stores import Stores

LONGEST = 3  # days


@dataclass(frozen=True)
class Held:
    """The records of a store's day and when they come."""

    block: Block
    arrives: int
    days_late: int
    day_name: str
    store_id: str

    @property
    def name(self) -> str:
        """The file's name: it carries the day of the sales."""
        return f"{self.block.data_set}_{self.day_name}_{self.store_id}.csv"


class LateFiles:
    """Decides which stores are late, and holds their records until they come."""

    def __init__(self, options: GeneratorOptions, calendar: Calendar, stores: Stores) -> None:
        self._options = options
        self._calendar = calendar
        self._stores = stores
        self._held: list[Held] = []

    def concerns(self, day: int, only_day: int | None) -> bool:
        """Whether records of ``day`` may come on ``only_day``."""
        return only_day is not None and day < only_day <= day + LONGEST

    def hold_back(self, block: Block, day: int) -> Block:
        """The records that are on time; the others come later by ``arriving``."""
        delay = self._delays(day)
        if block.store is None or not delay.any():
            return block
        for store in np.flatnonzero(delay).tolist():
            late = block.take(block.store == store)
            if late.rows:
                held = Held(
                    late,
                    day + int(delay[store]),
                    int(delay[store]),
                    self._calendar.names[day],
                    self._stores.ids[store],
                )
                self._held.append(held)
        return block.take(delay[block.store] == 0)

    def arriving(self, day: int) -> list[Held]:
        """What comes on a day, in the order of days and stores."""
        due = [held for held in self._held if held.arrives == day]
        self._held = [held for held in self._held if held.arrives > day]
        return due

    def still_held(self) -> list[Held]:
        """What has not come yet, in the order of arrival, days and stores."""
        return sorted(self._held, key=lambda held: held.arrives)

    def _delays(self, day: int) -> IntArray:
        """Days until the sales of each store come; 0 for those that are on time."""
        rng = stream(self._options.seed, "late", day)
        is_late = rng.random(self._stores.count) < self._options.late_rate
        delay = np.where(is_late, rng.integers(1, LONGEST + 1, self._stores.count), 0)
        return np.where(day + delay < self._options.horizon, delay, 0)
