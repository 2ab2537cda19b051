"""Speed and memory of landing and gate: `python -m tests.bench.gate --preset large`.

Prints, from one run on one embedded server: ingest and validate against a bare COPY of the same
files, a day's batch upon histories of several lengths, and the memory of every process. Files and
server live in a temporary folder (`large` needs 5 GB there).

`validate x` is without the start of the helper process, which costs the same for ten rows and for
ten million; `helper s` says what it costs. All of both is in `validate cpu x`.
"""

import argparse
import logging
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from loyalty_lens.landing.ingest import ingest
from loyalty_lens.quality.gate import validate
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from loyalty_lens.worker import Worker
from tests.bench import databases
from tests.bench.copying import bare_copy, files_below
from tests.bench.measure import Memory, lens, processor_seconds, stopwatch, table

DEFECTS = ("--defect-rate", "0.02", "--seed", "7")
# A day upon a history: what is open and nobody repairs is looked up in each run, which is not the
# cost of the history. `--defects` plants some, to see what that costs.
NO_DEFECTS = "0"
REPEATS = 5  # days measured upon each history; the median counts


def main() -> None:
    """Reads the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", action="append", help="sizes of the bulk load, or nothing")
    parser.add_argument("--customers", help="of the bulk load, instead of the preset's")
    parser.add_argument("--days", default="9,30,90", help="lengths of the history, or nothing")
    parser.add_argument("--day-preset", default="large", help="size of a day")
    parser.add_argument("--defects", default=NO_DEFECTS, help="share of rows of a day's history")
    parser.add_argument("--verbose", action="store_true", help="log what landing and gate do")
    options = parser.parse_args()
    logging.basicConfig(
        level="INFO" if options.verbose else "ERROR", format="%(asctime)s %(message)s"
    )
    folder = Path(tempfile.mkdtemp(prefix="bench_gate_"))
    server = EmbeddedServer(folder / "home")
    try:
        info = server.start()
        presets = ["demo", "large"] if options.preset is None else options.preset
        if any(presets):
            sizes = ["--customers", options.customers] if options.customers else []
            _say(bulk(folder, info, presets, sizes))
        lengths = [int(text) for text in options.days.split(",") if text]
        if lengths:
            _say(a_day(folder, info, options.day_preset, lengths, options.defects))
    finally:
        server.destroy()
        shutil.rmtree(folder)


def bulk(folder: Path, info: ServerInfo, presets: list[str], sizes: list[str]) -> str:
    """One row a preset: bare copy, ingest and validate, and the peaks of the processes in MB."""
    rows: list[list[object]] = [
        [
            *("preset", "copy s", "ingest x", "validate x", "helper s", "copy cpu s"),
            *("ingest cpu x", "validate cpu x", "lens MB", "gate helper MB", "server MB"),
        ]
    ]
    for preset in presets:
        files = folder / preset
        lens("generate", "--preset", preset, *sizes, *DEFECTS, "--out", str(files), environment={})
        environment = {
            "LENS_HOME": str(folder / "home"),
            "LENS_LANDING": str(files),
            "LENS_DATABASE_URL": _database(info, f"bulk_{preset}"),
        }
        started = _start_of_helper(environment["LENS_DATABASE_URL"])
        cpu = [processor_seconds(info.data)]
        copied = [bare_copy(info.url("postgres"), files_below(files))]
        cpu.append(processor_seconds(info.data))
        with Memory(info.data) as memory:
            ingested = lens("ingest", environment=environment)
            cpu.append(processor_seconds(info.data))
            validated = lens("validate", environment=environment)
            cpu.append(processor_seconds(info.data))
        copied.append(bare_copy(info.url("postgres"), files_below(files)))
        bare = statistics.mean(copied)
        of_copy, of_ingest, of_validate = (cpu[at + 1] - cpu[at] for at in range(3))
        rows.append(
            [
                preset,
                bare,
                ingested / bare,
                (validated - started) / bare,
                started,
                of_copy,
                of_ingest / of_copy,
                of_validate / of_copy,
                memory.python.get("cli.main", 0.0),
                memory.python.get("quality.expectations", 0.0),
                memory.server + memory.shared,
            ]
        )
        shutil.rmtree(files)
        databases.drop(info, f"bulk_{preset}")
    return table(rows)


def _start_of_helper(url: str) -> float:
    """Seconds until a process of Great Expectations has judged a table of no rows."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("create table judge.nothing (_batch_id bigint, _row_number bigint)")
    rule = {
        "number": 1,
        "where": "nothing",
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "_batch_id"},
    }
    with Worker("loyalty_lens.quality.expectations") as worker, stopwatch() as seconds:
        worker.call(url=url, table="nothing", expectations=[rule])
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop table judge.nothing")
    return seconds[0]


@dataclass
class History:
    """A warehouse with days in it, and its landing folder; seconds of the days that came since."""

    url: str
    landing: Path
    at_once: float
    copied: list[float] = field(default_factory=list)
    landed: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)

    def both(self) -> float:
        """Seconds to land and validate a day, in the median."""
        return statistics.median(map(sum, zip(self.landed, self.judged, strict=True)))


def a_day(folder: Path, info: ServerInfo, preset: str, lengths: list[int], defects: str) -> str:
    """One row a length of the history: land and validate one day more, in turns, median of five."""
    source = folder / "days"
    lens(
        *("generate", "--preset", preset, "--history-days", "0"),
        *("--days", str(max(lengths) + REPEATS)),
        *("--defect-rate", defects, "--seed", "7", "--out", str(source)),
        environment={},
    )
    days = sorted(path for path in source.iterdir() if path.is_dir())
    with Worker("loyalty_lens.quality.expectations") as worker:

        def judge(url: str) -> None:
            validate(url, currency="EUR", default_time_zone="UTC", worker=worker)

        histories: dict[int, History] = {}
        for length in lengths:
            url, landing = _database(info, f"days_{length}"), folder / f"landing_{length}"
            for day in days[:length]:
                shutil.copytree(day, landing / day.name)
            with stopwatch() as seconds:
                _land(url, landing)
                judge(url)
            histories[length] = History(url, landing, seconds[0])
        for number in range(REPEATS):
            for length, history in histories.items():
                day = days[length + number]
                shutil.copytree(day, history.landing / day.name)
                history.copied.append(bare_copy(info.url("postgres"), files_below(day)))
                with stopwatch() as seconds:
                    _land(history.url, history.landing)
                history.landed += seconds
                with stopwatch() as seconds:
                    judge(history.url)
                history.judged += seconds
    rows: list[list[object]] = [
        ["history", "days at once s", "copy s", "land s", "validate s", "x"]
    ]
    for length, history in histories.items():
        each = (history.copied, history.landed, history.judged)
        rows.append(
            [
                f"{length} days",
                history.at_once,
                *(f"{statistics.median(seconds):.2f}" for seconds in each),
                f"{history.both() / histories[lengths[0]].both():.2f}",
            ]
        )
        shutil.rmtree(history.landing)
        databases.drop(info, f"days_{length}")
    shutil.rmtree(source)
    return table(rows)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n\n")
    sys.stdout.flush()


def _land(url: str, landing: Path) -> None:
    ingest(url, landing, supersede_limit=Decimal("0.2"))


def _database(info: ServerInfo, name: str) -> str:
    url = databases.make(info, name)
    migrate(url)
    return url


if __name__ == "__main__":
    main()
