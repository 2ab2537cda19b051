"""A whole day's run against the history that it comes upon: `python -m tests.bench.days`.

One embedded server holds a warehouse for each length of the history, loaded in one run from
generated files with the same customers, stores and products, so that days are of one size. Then
five days more arrive, in turns: `lens run` as a user starts it, from its start to its end. Printed
are the medians of the whole run, of its steps and of the models that take longer upon the longest
history than upon the shortest. Files and server live in a temporary folder (1 GB a million lines).
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from tests.bench.measure import lens, stopwatch, table

REPEATS = 5
MODELS_SHOWN = 25
STEPS = ("land", "validate", "staging", "clean", "marts", "publish", "lists")
STEP_DONE = re.compile(r"(\w+)\s+done in ([\d.]+) s")


@dataclass
class History:
    """A warehouse with days in it, the days to come, and what each run since has taken."""

    environment: dict[str, str]
    landing: Path
    coming: list[Path]
    at_once: float
    lines: int
    whole: list[float] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)
    models: list[dict[str, float]] = field(default_factory=list)


def main() -> None:
    """Reads the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", default="30,360", help="lengths of the history")
    parser.add_argument("--preset", default="large", help="stores and products")
    parser.add_argument("--customers", default="20000", help="how many share the sales of a day")
    # What is open and nobody repairs is looked up in each run, which is not the history's cost.
    parser.add_argument("--defects", default="0", help="share of rows that are spoilt")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench_days_"))
    server = EmbeddedServer(folder / "home")
    try:
        info = server.start()
        lengths = [int(text) for text in options.days.split(",")]
        histories = {length: _load(folder, info, length, options) for length in lengths}
        for _ in range(REPEATS):
            for history in histories.values():
                _one_day(history)
        _tell(histories)
    finally:
        server.destroy()
        shutil.rmtree(folder)


def _load(folder: Path, info: ServerInfo, length: int, options: argparse.Namespace) -> History:
    """The history in one run; its last days stay aside."""
    landing, source = folder / f"landing_{length}", folder / f"source_{length}"
    lens(
        *("generate", "--preset", options.preset, "--customers", options.customers, "--seed", "7"),
        *("--defect-rate", options.defects),
        *("--history-days", str(length), "--days", str(REPEATS), "--end", "2026-06-30"),
        *("--out", str(source)),
        environment={},
    )
    landing.mkdir()
    shutil.move(source / "history", landing / "history")
    with closing(connect(info.url("postgres"), autocommit=True)) as connection:
        connection.cursor().execute(f"create database days_{length}")
    environment = {
        "LENS_HOME": str(folder / "home"),
        "LENS_EXPORTS": str(folder / f"exports_{length}"),
        "LENS_LANDING": str(landing),
        "LENS_DATABASE_URL": info.url(f"days_{length}"),
        "LENS_LOG_LEVEL": "INFO",
    }
    with stopwatch() as seconds:
        _run(environment)
    coming = sorted(path for path in source.iterdir() if path.is_dir())
    lines = _number(environment, "select count(*) from clean.sale_lines")
    history = History(environment, landing, coming, seconds[0], lines)
    _say(f"{length} days: {lines:,} lines loaded and built in {seconds[0]:.0f} s")
    return history


def _one_day(history: History) -> None:
    day = history.coming.pop(0)
    shutil.move(day, history.landing / day.name)
    with stopwatch() as seconds:
        said = _run(history.environment)
    history.whole += seconds
    history.steps.append({name: float(took) for name, took in STEP_DONE.findall(said)})
    with connected(history.environment["LENS_DATABASE_URL"]) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select split_part(unique_id, '.', 3), sum(execution_seconds) from ops.model_runs"
            " where run_id = (select run_id from ops.pipeline_runs order by started_at desc"
            " limit 1) and resource_type in ('model', 'test') group by 1"
        )
        history.models.append({name: float(took or 0) for name, took in cursor.fetchall()})


def _run(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "loyalty_lens.cli.main", "run"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return done.stderr + done.stdout


def _tell(histories: dict[int, History]) -> None:
    short, *_, long = histories
    rows: list[list[object]] = [["seconds, median", *(f"{n} days" for n in histories), "x"]]

    def row(name: str, medians: list[float]) -> None:
        ratio = f"{medians[-1] / medians[0]:.2f}" if medians[0] else ""
        rows.append([name, *(f"{median:.2f}" for median in medians), ratio])

    row("a day's run", [statistics.median(each.whole) for each in histories.values()])
    for step in STEPS:
        row(step, [_median(each.steps, step) for each in histories.values()])
    names = {name for run in histories[long].models for name in run}
    grown = {
        name: _median(histories[long].models, name) - _median(histories[short].models, name)
        for name in names
    }
    for name in sorted(grown, key=lambda name: -grown[name])[:MODELS_SHOWN]:
        row(name, [_median(each.models, name) for each in histories.values()])
    _say(table(rows))


def _median(runs: list[dict[str, float]], name: str) -> float:
    return statistics.median(run.get(name, 0.0) for run in runs)


def _number(environment: dict[str, str], statement: str) -> int:
    with connected(environment["LENS_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
