"""`make bench`: `python -m tests.bench.whole [--save PAGE]`, by BENCH_SCALE small or large.

Everything of a run is measured on one server, in a temporary folder (TMPDIR) that goes at the end.
"""

import argparse
import datetime as dt
import os
import shutil
import sys
import tempfile
from pathlib import Path

from loyalty_lens.warehouse.server import EmbeddedServer
from tests.bench import days
from tests.bench.whole import tables
from tests.bench.whole.first_load import FirstLoad
from tests.bench.whole.landing import Landing
from tests.bench.whole.machine import this_machine
from tests.bench.whole.report import Report, page, section
from tests.bench.whole.scale import Scale, chosen
from tests.bench.whole.shop import made
from tests.bench.whole.targets import targets
from tests.bench.whole.ways import Ways


def main() -> None:
    """Measures, prints the section and, where a page is named, puts it there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="page whose section of this scale is replaced")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench_"))
    server = EmbeddedServer(folder / "home")
    try:
        found = section(measured(folder, server, chosen(os.environ, folder)))
    finally:
        server.destroy()
        shutil.rmtree(folder)
    sys.stdout.write(found)
    if options.save:
        before = options.save.read_text("utf-8") if options.save.exists() else ""
        options.save.write_text(page(before, found), "utf-8")


def measured(folder: Path, server: EmbeddedServer, scale: Scale) -> Report:
    """The whole run. Ways that are compared take turns, so that all meet the same machine."""
    info = server.start()
    machine = this_machine(info.url("postgres"))
    shop = made(folder, scale.shop, scale.new_days)
    _say(f"{scale.name}: {shop.lines:,} lines of sales in {shop.bytes / 1e6:,.0f} MB of files")
    environment = {
        "LENS_HOME": str(folder / "home"),
        "LENS_LANDING": str(shop.landing),
        "LENS_EXPORTS": str(folder / "exports"),
        "LENS_LOG_LEVEL": "WARNING",
    }
    landing, ways, first = Landing(), Ways(), FirstLoad()
    for number in range(scale.repeats):
        landing.turn(info, environment, shop)
        ways.turn(info, shop)
        if number >= scale.repeats - scale.loads:  # the last of them stays
            first.turn(info, environment)
        _say(
            f"turn {number + 1} of {scale.repeats}: copy {landing.copy[-1]:.1f} s, ingest"
            f" {landing.ingest[-1]:.1f} s, by hand {ways.by_hand[-1].whole:.1f} s"
        )
    _say(f"first load {first.runs[-1].whole:.0f} s")
    first.look(info, environment, scale.repeats)
    _say(f"nothing new {first.nothing_new[-1].whole:.0f} s")
    first.new_days(info, environment, shop)
    _say(f"a day {first.days[-1].whole:.0f} s")
    first.clear(info, environment)
    day_shop = (*scale.day_shop, "--customers", str(scale.day_customers), "--defect-rate", "0")
    histories = days.in_turns(folder, info, scale.lengths, day_shop, scale.days)
    return Report(
        scale.name,
        dt.datetime.now(dt.UTC).date(),
        machine,
        f"The shop that is loaded at once: {shop.lines:,} lines of sales,"
        f" {shop.rows:,} rows in all, {shop.bytes / 1e6:,.0f} MB, one row in a hundred spoilt.",
        targets(landing, ways, first, histories, shop.lines_a_day),
        [
            tables.side_by_side(landing, ways, first),
            tables.steps(first),
            tables.models(first),
            tables.idle_models(first),
            tables.days(histories),
            tables.memory(first, ways),
            tables.disk(shop, first),
            tables.cards(first),
        ],
    )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
