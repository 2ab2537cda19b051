"""What was generated: files, row counts and the truth that tests compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class WrittenFile:
    """One file: where it lies, its data set and its records after the header row."""

    path: Path
    data_set: str
    rows: int


@dataclass(frozen=True)
class PromotionTruth:
    """What a promotion really did.

    ``uplift`` is the relative change in units that was built in: 0.2 = 20 % more units of the
    category in the participating ``stores`` from ``start`` to ``end``, both inclusive; 0 and less
    occur. ``dip`` is the relative loss on the ``dip_days`` days after the end.

    ``overlaps`` names the promotions that disturb it: that run, or have their dip, in one of its
    stores and its category within its window, the 14 days before or its dip. There are none
    while there is room to keep them apart. ``effective`` is uplift and dip as they come out
    against the 14 days before, with what the overlapping ones do; without them the same two.
    """

    promotion_id: str
    category: str
    start: date
    end: date
    stores: tuple[str, ...]
    discount: float
    uplift: float
    dip: float
    dip_days: int
    overlaps: tuple[str, ...]
    effective: tuple[float, float]


@dataclass(frozen=True)
class GeneratedFiles:
    """The written files and what is known about them.

    defects    (data set, rule) -> rows that must be found by that rule. All are rejections but
               ``exact_duplicate`` (the surplus row, dropped and counted) and the warnings of
               ``seeds_generator.defects.WARNINGS``.
    unchanged_versions   data set -> rows of a daily master file that equal the version before
    promotions   the truth about every promotion
    """

    files: tuple[WrittenFile, ...]
    defects: Mapping[tuple[str, str], int]
    unchanged_versions: Mapping[str, int]
    promotions: tuple[PromotionTruth, ...]

    def rows(self, data_set: str) -> int:
        """All records of a data set, over all its files."""
        return sum(file.rows for file in self.files if file.data_set == data_set)
