"""`make demo`: an invented shop; its past arrives at once, its last days one by one."""

import logging
import shutil
import time
from dataclasses import replace
from pathlib import Path

import click

from loyalty_lens.cli.models import show_models
from loyalty_lens.cli.steps import summary, tell_lists
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.models import run_models
from loyalty_lens.pipeline.run import NO_DATE, run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.report import figures, show
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url

LOG = logging.getLogger(__name__)
DAYS_ONE_BY_ONE = 3
NEXT = """
What to do next
  .venv/bin/lens --demo preview               the dashboards in a browser
  .venv/bin/lens --demo feed                  one more day arrives; lens --demo run loads it
  .venv/bin/lens --demo status                what is loaded, rejected, stale
  .venv/bin/lens --demo url                   connect psql, a notebook or a BI tool to the demo
  .venv/bin/lens run --landing DIR            your own files (see README, "Your own files")
  .venv/bin/lens stop                         stop the embedded server
"""


@click.command()
def demo() -> None:
    """Load invented daily files into the demo database and show what comes out."""
    settings = Settings.from_environment(demo=True)
    started = time.perf_counter()
    url = warehouse_url(settings)
    drops = settings.home / "demo" / "drops"
    landing = settings.landing
    with Workers(settings, url) as workers:
        workers.warm_up()
        is_empty = not figures.loaded(url).files
        _generate_once(drops, settings.currency, is_empty=is_empty)
        _begin_again(drops, landing, is_empty=is_empty)
        seconds: dict[str, float] = {}
        waiting = [drop for drop in _in_order(drops) if not (landing / drop.name).exists()]
        runs = _runs(waiting)
        for drops_of_run in runs:
            for drop in drops_of_run:
                _deliver(drop, landing)
            result = run(settings, url, NO_DATE, workers, landing=landing)
            for step, value in result.seconds.items():
                seconds[step] = seconds.get(step, 0.0) + value
        tell_lists(result.answers["lists"])
        with only_run(url):
            found = run_models(settings, url, workers)
        summary(settings, url, result.answers["validate"]["notes"], seconds)
        show_models(show.screen(), found)
    loaded = f"{len(waiting)} drops loaded in {len(runs)} run{'s' * (len(runs) > 1)}"
    click.echo(f"{loaded}, {time.perf_counter() - started:.0f} s")
    click.echo(NEXT)


def _generate_once(drops: Path, currency: str, *, is_empty: bool) -> None:
    """Writes the drops unless they lie there; a half-written folder never takes their name.

    An empty warehouse begins anew with the drops of this version of the generator.
    """
    import seeds_generator  # Faker and NumPy take half a second that no other command needs

    if drops.exists() and not (is_empty and _is_outdated(drops)):
        return
    shutil.rmtree(drops, ignore_errors=True)
    unfinished = drops.with_name("drops.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = replace(seeds_generator.PRESETS["demo"], currency=currency)
    seeds_generator.found(options, unfinished)
    unfinished.rename(drops)


def _is_outdated(drops: Path) -> bool:
    """Whether another version made them, whose shop cannot go on."""
    import seeds_generator

    try:
        return not seeds_generator.read_plan(drops).is_current
    except seeds_generator.NoPlanError:
        return True


def _begin_again(drops: Path, landing: Path, *, is_empty: bool) -> None:
    """Clears the landing folder of an empty warehouse; its plan tells how the shop goes on.

    Only a folder that was filled here is cleared: its plan says so.
    """
    import seeds_generator

    try:
        seeds_generator.read_plan(landing)
        if not is_empty:
            return
        shutil.rmtree(landing)
    except seeds_generator.NoPlanError:
        pass
    landing.mkdir(parents=True, exist_ok=True)
    seeds_generator.read_plan(drops).save(landing)


def _runs(waiting: list[Path]) -> list[list[Path]]:
    """The drops of each run: the past in one, then the last days; one run where nothing waits."""
    past, days = waiting[:-DAYS_ONE_BY_ONE], waiting[-DAYS_ONE_BY_ONE:]
    return [*([past] if past or not days else []), *([day] for day in days)]


def _in_order(drops: Path) -> list[Path]:
    """The history first, then the days."""
    folders = [drop for drop in drops.iterdir() if drop.is_dir()]
    return sorted(folders, key=lambda drop: (drop.name != "history", drop.name))


def _deliver(drop: Path, landing: Path) -> None:
    LOG.info("drop %s arrives", drop.name)
    shutil.copytree(drop, landing / f".{drop.name}", dirs_exist_ok=True)
    (landing / f".{drop.name}").rename(landing / drop.name)


COMMANDS = (demo,)
