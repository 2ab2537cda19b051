"""Speed and memory of the generator: `python -m tests.bench.generator --preset large --share 0.1`.

Prints lines of sales a second of CPU time (wanted: 150,000 on one core), with everything that is
written and told, and the peak memory of histories of several lengths (wanted: flat). Each runs in a
process of its own, its files in a temporary folder (`large` needs 1 GB there, `xl` 4 GB).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from seeds_generator import PRESETS, generate
from tests.bench.measure import table

WANTED = 150_000  # lines a second
GROWTH = 1.2  # most that the longest history may take of the memory of the shortest
UNIT = 1024 * (1024 if sys.platform == "darwin" else 1)  # ru_maxrss in MB
LINES = "store_sales_line_items"


def main() -> int:
    """Reads the command line and prints the table; 1 where a wish is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="large", choices=sorted(PRESETS))
    parser.add_argument("--share", type=float, default=1.0, help="of the customers")
    parser.add_argument("--days", default="30,90,180", help="lengths of the history")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # measure this length only
    options = parser.parse_args()
    if options.one is not None:
        sys.stdout.write(json.dumps(measure(options.preset, options.share, options.one)))
        return 0
    found = []
    for days in [int(text) for text in options.days.split(",")]:
        command = [sys.executable, "-m", "tests.bench.generator", "--preset", options.preset]
        command += ["--share", str(options.share), "--one", str(days)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found.append({"days": days, **json.loads(told)})
    rows = [list(found[0]), *(list(entry.values()) for entry in found)]
    sys.stdout.write(table(rows) + "\n")
    slow = [entry for entry in found if entry["lines a second"] < WANTED]
    grown = found[-1]["MB"] > GROWTH * found[0]["MB"]
    sys.stdout.write(
        f"{'less' if slow else 'no less'} than {WANTED:,} lines a second of CPU time; "
        f"memory is {'not flat' if grown else 'flat'}\n"
    )
    return 1 if slow or grown else 0


def measure(preset: str, share: float, days: int) -> dict[str, float]:
    """One generation, truth included: lines, CPU seconds, lines a second, peak memory in MB."""
    options = PRESETS[preset]
    options = replace(
        options, history_days=days, customers=max(round(options.customers * share), 1)
    )
    with tempfile.TemporaryDirectory(prefix="bench_generator_") as folder:
        started = time.process_time()
        made = generate(options, Path(folder) / "out", truth=Path(folder) / "truth")
        seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT
    lines = made.rows(LINES)
    return {
        "lines": lines,
        "CPU s": round(seconds, 1),
        "lines a second": round(lines / seconds),
        "MB": round(peak),
    }


if __name__ == "__main__":
    sys.exit(main())
