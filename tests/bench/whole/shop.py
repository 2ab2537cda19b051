"""The files that everything loads, generated once."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.copying import by_data_set, files_below
from tests.bench.measure import lens

SPOILT = "0.01"
END = "2026-06-30"


@dataclass(frozen=True)
class Shop:
    """A landing folder, and the same rows without defects.

    What is written by hand has no checks: it would stop at the first date that is none.
    """

    landing: Path
    unspoilt: Path
    coming: list[Path]  # days that are not delivered yet
    lines: int  # of sales, in the landing folder
    rows: int  # of all files
    bytes: int
    lines_a_day: int  # of the days that are not delivered yet


def made(folder: Path, options: Sequence[str], new_days: int) -> Shop:
    """Generates the shop twice, the same but for defects."""
    landing, unspoilt = folder / "landing", folder / "unspoilt"
    for place, rate in ((landing, SPOILT), (unspoilt, "0")):
        lens(
            *("generate", *options, "--seed", "7", "--end", END),
            *("--defect-rate", rate, "--out", str(place)),
            environment={},
        )
    days = sorted(path.name for path in landing.iterdir() if path.name.startswith("20"))
    aside = folder / "aside"
    aside.mkdir()
    for day in days[-new_days:]:
        shutil.move(landing / day, aside / day)
        shutil.rmtree(unspoilt / day)
    files = files_below(landing)
    return Shop(
        landing,
        unspoilt,
        coming=[aside / day for day in days[-new_days:]],
        lines=_lines(files),
        rows=sum(map(_rows, files)),
        bytes=sum(file.stat().st_size for file in files),
        lines_a_day=_lines(files_below(aside)) // new_days,
    )


def _lines(files: Sequence[Path]) -> int:
    return sum(map(_rows, by_data_set(files)["store_sales_line_items"]))


def _rows(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(1 for _ in stream) - 1
