"""Rows put aside by day, on disk: a file of any length is sorted into days in little memory."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

HELD_ROWS = 20_000


class Spool:
    """Appends rows to one file a day in ``folder``; they come back in the order they came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[dt.date, list[Sequence[str]]] = {}
        self._count = 0
        self._days: set[dt.date] = set()

    @property
    def days(self) -> list[dt.date]:
        """The days that have rows, the earliest first."""
        return sorted(self._days)

    def add(self, day: dt.date, row: Sequence[str]) -> None:
        """One more row of a day."""
        if day not in self._held:
            self._held[day] = []
            self._days.add(day)
        self._held[day].append(row)
        self._count += 1
        if self._count >= HELD_ROWS:
            self.flush()

    def flush(self) -> None:
        """What is held in memory goes to disk."""
        for day, rows in self._held.items():
            with self._path(day).open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
        self._held.clear()
        self._count = 0

    def rows(self, day: dt.date) -> Iterator[list[str]]:
        """All rows of a day; gone afterwards."""
        with self._path(day).open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)
        self._path(day).unlink()

    def _path(self, day: dt.date) -> Path:
        return self._folder / f"{day}.csv"
