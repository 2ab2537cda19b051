"""When and where promotions run: apart from one another, so that each can be measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

COMPARED = 14  # days before a window that an analyst compares with
SALE_STORES = 6  # one store in so many is kept for the storewide sale, and out of all else
TAKE_PART = 2  # of the others, one in so many takes part in a category's promotions


@dataclass(frozen=True)
class Window:
    """A promotion's days: ``start`` to ``end``, then ``dip_days``; it may begin within a range."""

    row: int
    category: int
    start: int
    length: int
    dip_days: int
    earliest: int
    latest: int

    @property
    def end(self) -> int:
        """The last day."""
        return self.start + self.length - 1

    def disturbs(self, other: Window) -> bool:
        """Whether its window or dip meets the window, the dip or the days before of the other."""
        return (
            self.start <= other.end + other.dip_days
            and other.start - COMPARED <= self.end + self.dip_days
        )

    def by_nearness(self) -> Iterator[Window]:
        """The same on each day on which it may begin, the wished one first."""
        yield self
        days = range(self.earliest, self.latest + 1)
        for day in sorted(days, key=lambda day: (abs(day - self.start), day)):
            yield replace(self, start=day)


@dataclass(frozen=True)
class Groups:
    """The stores by use: those of the storewide sale, and in chance order all others."""

    sale: list[int]
    others: list[int]

    def parts(self, rng: np.random.Generator, number: int) -> list[list[int]]:
        """``number`` groups of stores out of those that take part in a category's promotions."""
        order = rng.permutation(self.others).tolist()
        each = max(len(order) // TAKE_PART // number, 1)
        return [order[place * each : (place + 1) * each] for place in range(number)]

    @property
    def most(self) -> int:
        """The most groups there can be."""
        return max(len(self.others) // TAKE_PART, 1)


def group_stores(rng: np.random.Generator, stores: int) -> Groups:
    """A few stores for the storewide sale; of a single store, it has to be that one."""
    order = rng.permutation(stores).tolist()
    size = max(stores // SALE_STORES, 1)
    return Groups(order[:size], order[size:] or order)


def place(windows: Sequence[Window], most: int) -> tuple[int, list[tuple[Window, int]]]:
    """The windows of one category on days and in groups of stores where none disturbs another.

    In as few groups as will do, at most ``most``; those of which there is no room even then stay
    on the day they were meant for. Returns the number of groups, and each window with its group.
    """
    in_order = sorted(windows, key=lambda window: (window.earliest < window.latest, window.start))
    for groups in range(1, most + 1):
        placed = _placed(in_order, groups)
        if placed is not None:
            return groups, placed
    return most, _placed(in_order, most, may_disturb=True) or []


def _placed(
    windows: Sequence[Window], groups: int, *, may_disturb: bool = False
) -> list[tuple[Window, int]] | None:
    taken: list[list[Window]] = [[] for _ in range(groups)]
    found: list[tuple[Window, int]] = []
    for window in windows:
        choice = next(
            (
                (day, group)
                for day in window.by_nearness()
                for group in range(groups)
                if not any(day.disturbs(o) or o.disturbs(day) for o in taken[group])
            ),
            (window, window.row % groups) if may_disturb else None,
        )
        if choice is None:
            return None
        taken[choice[1]].append(choice[0])
        found.append(choice)
    return found
