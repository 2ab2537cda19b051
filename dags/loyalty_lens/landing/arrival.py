"""Which files have arrived whole: what is still being written waits for the next run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from loyalty_lens.landing.discovery import IgnoredFile, LandedFile


@dataclass(frozen=True)
class Arrival:
    """How landing tells that a file is complete.

    A file changed less than `settle_seconds` ago is looked at again when that time is over, and
    loaded if it is the same. With a `marker`, a file counts only once its sender says so:
    `.done` is a file of its name and `.done` beside it, any other name (`_SUCCESS`) a file of
    its folder.
    """

    settle_seconds: float = 0.0
    marker: str | None = None


@dataclass(frozen=True)
class WaitingFile:
    """A file for the next run, and what it waits for."""

    file: LandedFile
    reason: str


def sort_out(
    files: Sequence[LandedFile], ignored: Sequence[IgnoredFile], arrival: Arrival
) -> tuple[list[LandedFile], list[WaitingFile], list[IgnoredFile]]:
    """The files to load now, those that wait, and the ignored ones without the markers."""
    ready, waiting = list(files), []
    if arrival.marker:
        names = {file.path for file in ignored}
        missing = {file: _marker(file, arrival.marker) for file in ready}
        waiting = [
            WaitingFile(file, f"waits for {marker}")
            for file, marker in missing.items()
            if marker not in names
        ]
        ready = [file for file in ready if missing[file] in names]
        ignored = [file for file in ignored if not _is_marker(file, arrival.marker)]
    unsettled = _unsettled(ready, arrival.settle_seconds)
    if unsettled:
        waiting += [WaitingFile(file, "is still being written") for file in unsettled]
        ready = [file for file in ready if file not in unsettled]
    return ready, waiting, list(ignored)


def has_changed(file: LandedFile) -> bool:
    """Whether the file is another one than when it was found, or is gone."""
    try:
        return file.location.mark() != file.mark
    except OSError:
        return file.mark is not None


def _marker(file: LandedFile, marker: str) -> str:
    return file.path + marker if marker.startswith(".") else _beside(file.path, marker)


def _is_marker(file: IgnoredFile, marker: str) -> bool:
    name = PurePosixPath(file.path).name
    return name.endswith(marker) if marker.startswith(".") else name == marker


def _beside(path: str, name: str) -> str:
    return str(PurePosixPath(path).with_name(name))


def _unsettled(files: Sequence[LandedFile], seconds: float) -> set[LandedFile]:
    """One pause for all young files together; times of change in the future tell nothing."""
    now = time.time()
    ages = ((file, now - file.modified_ns / 1e9) for file in files)
    young = [(file, age) for file, age in ages if 0 <= age < seconds]
    if not young:
        return set()
    time.sleep(seconds - min(age for _, age in young))
    return {file for file, _ in young if has_changed(file)}
