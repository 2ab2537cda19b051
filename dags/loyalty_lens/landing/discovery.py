"""Which files lie in the landing folder, what they are, and in which order they are loaded."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from loyalty_lens.datasets import DataSet, data_set_of
from loyalty_lens.landing.storage import Entry, Location, Mark, Place, Unreadable, place_of

COMPRESSED = ".gz"
OTHER_FORMATS = (".zip", ".xlsx", ".xls", ".xlsm", ".ods")
# 2026-01-05, 2026_01_05, 20260105, and 20260105T0630 or 20260105063000 with a time behind it.
DATE = re.compile(r"(?<!\d)(\d{4})([-_]?)(\d{2})\2(\d{2})(?=\D|$|\d{4}(?:\d{2})?(?!\d))")


@dataclass(frozen=True)
class LandedFile:
    """A file of a data set; `path` is as delivered, below the landing folder, with slashes."""

    location: Location
    path: str
    path_key: str  # path without a compression suffix
    data_set: DataSet
    file_date: dt.date | None
    is_compressed: bool
    mark: Mark | None  # when it was found; None: it cannot be looked at

    @property
    def modified_ns(self) -> int:
        return self.mark.modified_ns if self.mark else 0


@dataclass(frozen=True)
class IgnoredFile:
    """A file or folder that is not loaded, and why; a failure needs somebody."""

    path: str
    reason: str
    is_failure: bool = False


def find_files(
    landing: Path | str | Place, data_sets: Mapping[str, DataSet]
) -> tuple[list[LandedFile], list[IgnoredFile]]:
    """The files to load, oldest date first (undated before all), masters first, then by path.

    Raises LandingError where the folder is missing or cannot be read.
    """
    order = {name: position for position, name in enumerate(data_sets)}
    files: list[LandedFile] = []
    ignored: list[IgnoredFile] = []
    for entry in place_of(landing).walk():
        if isinstance(entry, Unreadable):
            ignored.append(IgnoredFile(entry.path, entry.reason, is_failure=True))
            continue
        found = _described(entry, data_sets)
        if isinstance(found, LandedFile):
            files.append(found)
        else:
            ignored.append(found)
    files.sort(
        key=lambda file: (
            file.file_date or dt.date.min,
            order[file.data_set.name],
            file.path_key,
            -file.modified_ns,
            file.path,
        )
    )
    return files, sorted(ignored, key=lambda file: file.path)


def path_key(path: str) -> str:
    """The path without a compression suffix: what a file is recognised by when delivered again."""
    return path[: -len(COMPRESSED)] if path.lower().endswith(COMPRESSED) else path


def date_in(path: str) -> dt.date | None:
    """The date in a path: the file's name wins, then the nearest folder; of several the latest."""
    for part in reversed(PurePosixPath(path).parts):
        dates = [date for match in DATE.finditer(part) if (date := _real_date(match))]
        if dates:
            return max(dates)
    return None


def _real_date(match: re.Match[str]) -> dt.date | None:
    try:
        date = dt.date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None
    return date if 1900 <= date.year < 2100 else None


def _described(entry: Entry, data_sets: Mapping[str, DataSet]) -> LandedFile | IgnoredFile:
    path = entry.path
    key = path_key(path)
    lower = key.lower()
    if lower.endswith(OTHER_FORMATS):
        return IgnoredFile(path, f"{PurePosixPath(lower).suffix} is not read: export as CSV")
    if not lower.endswith(".csv"):
        return IgnoredFile(path, "not a .csv or .csv.gz file")
    data_set = data_set_of(PurePosixPath(path).name, dict(data_sets))
    if data_set is None:
        return IgnoredFile(
            path, "its name begins with no data set's name (see files in datasets.yml)"
        )
    if not entry.is_regular:
        return IgnoredFile(path, "not a regular file")
    return LandedFile(entry.location, path, key, data_set, date_in(key), key != path, entry.mark)
