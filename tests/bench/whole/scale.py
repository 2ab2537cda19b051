"""How much `make bench` loads, by BENCH_SCALE."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

BYTES_A_LINE = 2800  # of a line of sales in all layers and indexes, and what updates leave behind
LINES_A_DAY = 0.28  # of a customer
TENTH_OF_LARGE = ("--preset", "large", "--stores", "50", "--products", "2000")


@dataclass(frozen=True)
class Scale:
    """Sizes and repeats; options are those of `lens generate`.

    shop      what is loaded at once: its last `new_days` stay aside and come one by one
    repeats   of the copy, of the landing and of the ways without a pipeline
    loads     whole first loads
    lengths   days of history in the warehouses of `day_shop`, upon which days come in turns
    """

    name: str
    shop: tuple[str, ...]
    new_days: int
    repeats: int
    loads: int
    lengths: tuple[int, ...]
    day_shop: tuple[str, ...]
    day_customers: int
    days: int = 5

    def day_bytes(self) -> int:
        """Disk that the warehouses of `lengths` take, roughly."""
        lines = sum(self.lengths) * self.day_customers * LINES_A_DAY
        return round(lines * BYTES_A_LINE)


SCALES = {
    # For the test that the whole of it runs; its figures say nothing.
    "tiny": Scale(
        name="tiny",
        shop=("--preset", "small"),
        new_days=1,
        repeats=1,
        loads=1,
        lengths=(3, 6),
        day_shop=("--preset", "small"),
        day_customers=100,
        days=1,
    ),
    "small": Scale(
        name="small",
        shop=(*TENTH_OF_LARGE, "--customers", "20000"),
        new_days=3,
        repeats=3,
        loads=3,
        lengths=(9, 30, 90, 360),
        day_shop=TENTH_OF_LARGE,
        day_customers=3000,
    ),
    "large": Scale(
        name="large",
        shop=("--preset", "large"),
        new_days=2,
        repeats=3,
        loads=1,
        lengths=(9, 30, 90, 360),
        day_shop=("--preset", "large"),
        day_customers=8_000,
    ),
}


def chosen(environment: Mapping[str, str], folder: Path) -> Scale:
    """The scale of BENCH_SCALE (else small), with BENCH_DAY_CUSTOMERS customers in its days.

    Raises SystemExit for a scale that is none, or where the disk below `folder` has no room for the
    days: half of what is free is theirs.
    """
    name = environment.get("BENCH_SCALE", "") or "small"
    if name not in SCALES:
        raise SystemExit(f"BENCH_SCALE is {name!r}: choose small or large")
    scale = SCALES[name]
    if own := environment.get("BENCH_DAY_CUSTOMERS", ""):
        scale = replace(scale, day_customers=int(own))
    free = shutil.disk_usage(folder).free
    if scale.day_bytes() > free / 2:
        raise SystemExit(
            f"the days of {scale.day_customers:,} customers take {scale.day_bytes() / 1e9:.0f} GB,"
            f" and {free / 1e9:.0f} GB are free below {os.fspath(folder)};"
            " choose fewer (BENCH_DAY_CUSTOMERS) or another disk (TMPDIR)"
        )
    return scale
