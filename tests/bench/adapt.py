"""Speed and memory of `lens adapt online-retail`: `python -m tests.bench.adapt`.

For each format prints seconds of CPU time (wanted: at most 60 for a million rows) and the peak
memory of files of several lengths (wanted: flat, and below 400 MB). The files are written and read
in processes of their own; the invented rows have the shape of the data set.
"""

import argparse
import csv
import datetime as dt
import json
import lzma
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from seeds_generator.adapters import adapt_online_retail
from tests.bench.measure import table
from tests.unit.adapters.workbook import write_workbook

COLUMNS = (
    *("Invoice", "StockCode", "Description", "Quantity"),
    *("InvoiceDate", "Price", "Customer ID", "Country"),
)
SECONDS_A_MILLION = 60
MOST_MB = 400
GROWTH = 1.3  # most that the longest file may take of the memory of the shortest
UNIT = 1024 * (1024 if sys.platform == "darwin" else 1)  # ru_maxrss in MB
ROWS_A_DAY = 1800
LINES = 20  # of an invoice
SHEET_ROWS = 500_000  # a workbook's sheet holds a million, the data set's two half of it each


def main() -> int:
    """Reads the command line and prints the table; 1 where a wish is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="250000,1000000", help="lengths of the files")
    parser.add_argument("--formats", default=",".join(WRITERS))
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)  # this file, and no more
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)  # measure this file only
    options = parser.parse_args()
    if options.write is not None:
        WRITERS[options.write.name.partition(".")[2]](options.write, int(options.rows))
        return 0
    if options.one is not None:
        sys.stdout.write(json.dumps(measure(options.one)))
        return 0
    lengths = [int(text) for text in options.rows.split(",")]
    found = [
        {"format": name, "rows": rows, **measured_alone(name, rows)}
        for name in options.formats.split(",")
        for rows in lengths
    ]
    sys.stdout.write(table([list(found[0]), *(list(entry.values()) for entry in found)]) + "\n")
    slow = [e for e in found if e["CPU s"] > SECONDS_A_MILLION * max(e["rows"] / 1e6, 0.1)]
    shortest = {e["format"]: e["MB"] for e in reversed(found)}
    grown = [e for e in found if e["MB"] > min(GROWTH * shortest[e["format"]], MOST_MB)]
    sys.stdout.write(
        f"{'more' if slow else 'no more'} than {SECONDS_A_MILLION} s of CPU time for a million "
        f"rows; memory is {'not flat' if grown else 'flat'}\n"
    )
    return 1 if slow or grown else 0


def measured_alone(name: str, rows: int) -> dict[str, float]:
    """What a process of its own tells of a new file."""
    with tempfile.TemporaryDirectory(prefix="bench_adapt_") as folder:
        source = str(Path(folder) / f"retail.{name}")
        command = [sys.executable, "-m", "tests.bench.adapt"]
        subprocess.run([*command, "--write", source, "--rows", str(rows)], check=True)
        command += ["--one", source]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, float] = json.loads(told)
    return found


def measure(source: Path) -> dict[str, float]:
    """CPU seconds, seconds and peak memory in MB."""
    clock, started = time.process_time(), time.perf_counter()
    adapt_online_retail(source, source.with_name("out"))
    return {
        "CPU s": round(time.process_time() - clock, 1),
        "s": round(time.perf_counter() - started, 1),
        "MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT),
    }


def rows_of(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of the data set's shape, typed: twenty lines an invoice, ninety invoices a day."""
    dice = random.Random(1)  # noqa: S311
    first = dt.datetime(2009, 12, 1, 8)
    for number in range(count):
        invoice = number // LINES
        day, place = divmod(number, ROWS_A_DAY)
        product = dice.randrange(10_000, 14_000)
        yield (
            489434 + invoice,
            product,
            f"CHARM NO {product} IN A BOX, BLUE",
            dice.randrange(1, 25),
            first + dt.timedelta(days=day, minutes=place // LINES),
            dice.randrange(1, 1000) / 100,
            None if invoice % 4 == 0 else 12_346 + invoice % 4000,
            "United Kingdom",
        )


def write_csv(path: Path, rows: int) -> None:
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows_of(rows))


def write_parquet(path: Path, rows: int) -> None:
    import pyarrow.parquet

    columns = zip(*rows_of(rows), strict=True)
    made = pyarrow.table([pyarrow.array(column) for column in columns], names=list(COLUMNS))
    pyarrow.parquet.write_table(made, path)
    return path


def write_xlsx(path: Path, rows: int) -> None:

    made = list(rows_of(rows))
    sheets = range(0, rows, SHEET_ROWS)
    write_workbook(path, [[COLUMNS, *made[n : n + SHEET_ROWS]] for n in sheets])


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "csv": write_csv,
    "csv.xz": write_csv,
    "parquet": write_parquet,
    "xlsx": write_xlsx,
}

if __name__ == "__main__":
    sys.exit(main())
