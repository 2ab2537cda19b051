"""A whole day's run against the history that it comes upon: `python -m tests.bench.days`.

One embedded server holds a warehouse for each length of the history, loaded in one run from
generated files with the same customers, stores and products, so that days are of one size. Then
five days more arrive, in turns: `lens run` as a user starts it, from its start to its end. Printed
are the medians of the whole run, of its steps and of the models that take longer upon the longest
history than upon the shortest. Files and server live in a temporary folder (2.6 GB a million lines
with what updates leave behind).
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from tests.bench import databases
from tests.bench.measure import lens, table
from tests.bench.running import STEPS, Run, lens_run, number

REPEATS = 5
MODELS_SHOWN = 25


@dataclass
class History:
    """A warehouse with so many days in it, the days to come, and each run since."""

    days: int
    environment: dict[str, str]
    landing: Path
    coming: list[Path]
    loaded: Run
    lines: int
    runs: list[Run] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.environment["LENS_DATABASE_URL"]

    def whole(self) -> float:
        """Seconds of a day's run, in the median."""
        return statistics.median(run.whole for run in self.runs)


def main() -> None:
    """Reads the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", default="30,360", help="lengths of the history")
    parser.add_argument("--preset", default="large", help="stores and products")
    parser.add_argument("--customers", default="20000", help="how many share the sales of a day")
    # What is open and nobody repairs is looked up in each run, which is not the history's cost.
    parser.add_argument("--defects", default="0", help="share of rows that are spoilt")
    options = parser.parse_args()
    shop = ["--preset", options.preset, "--customers", options.customers]
    shop += ["--defect-rate", options.defects]
    folder = Path(tempfile.mkdtemp(prefix="bench_days_"))
    server = EmbeddedServer(folder / "home")
    try:
        lengths = [int(text) for text in options.days.split(",")]
        _say(told(in_turns(folder, server.start(), lengths, shop)))
    finally:
        server.destroy()
        shutil.rmtree(folder)


def in_turns(
    folder: Path,
    info: ServerInfo,
    lengths: Sequence[int],
    shop: Sequence[str],
    repeats: int = REPEATS,
) -> list[History]:
    """Histories of these lengths, and what each of some days more took upon each of them.

    `shop`: options of `lens generate`. The databases stay.
    """
    histories = [_load(folder, info, length, shop, repeats) for length in lengths]
    for _ in range(repeats):
        for history in histories:
            day = history.coming.pop(0)
            shutil.move(day, history.landing / day.name)
            history.runs.append(lens_run(history.environment, history.url))
    return histories


def _load(
    folder: Path, info: ServerInfo, length: int, shop: Sequence[str], repeats: int
) -> History:
    """The history in one run; its last days stay aside."""
    landing, source = folder / f"landing_{length}", folder / f"source_{length}"
    lens(
        *("generate", *shop, "--seed", "7", "--end", "2026-06-30"),
        *("--history-days", str(length), "--days", str(repeats), "--out", str(source)),
        environment={},
    )
    landing.mkdir()
    shutil.move(source / "history", landing / "history")
    url = databases.make(info, f"days_{length}")
    environment = {
        "LENS_HOME": str(folder / "home"),
        "LENS_EXPORTS": str(folder / f"exports_{length}"),
        "LENS_LANDING": str(landing),
        "LENS_DATABASE_URL": url,
    }
    run = lens_run(environment, url)
    coming = sorted(path for path in source.iterdir() if path.is_dir())
    lines = number(url, "select count(*) from clean.sale_lines")
    _say(f"{length} days: {lines:,} lines loaded and built in {run.whole:.0f} s")
    return History(length, environment, landing, coming, run, lines)


def told(histories: Sequence[History]) -> str:
    """Medians under each other: the run, its steps, the models that grow."""
    rows: list[list[object]] = [
        ["seconds, median", *(f"{history.days} days" for history in histories), "x"]
    ]
    for name, medians in medians_of(histories).items():
        ratio = f"{medians[-1] / medians[0]:.2f}" if medians[0] else ""
        rows.append([name, *(f"{median:.2f}" for median in medians), ratio])
    return table(rows)


def medians_of(histories: Sequence[History], models: int = MODELS_SHOWN) -> dict[str, list[float]]:
    """What -> its seconds upon each history; of models those that grow most, so many of them."""
    by_model = {
        name: [
            statistics.median(run.models.get(name, 0.0) for run in history.runs)
            for history in histories
        ]
        for name in {name for run in histories[-1].runs for name in run.models}
    }
    grown = sorted(by_model, key=lambda name: by_model[name][0] - by_model[name][-1])
    return {
        "a day's run": [history.whole() for history in histories],
        **{
            step: [statistics.median(run.steps[step] for run in each.runs) for each in histories]
            for step in STEPS
        },
        **{name: by_model[name] for name in grown[:models]},
    }


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
