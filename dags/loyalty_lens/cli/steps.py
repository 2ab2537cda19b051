"""The commands for the steps of a run: ingest, validate, build, run, replay, status."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from loyalty_lens.cli.place import PlaceType
from loyalty_lens.errors import CampaignError, LandingError, QualityError
from loyalty_lens.notifications.delivery import deliver
from loyalty_lens.pipeline import steps
from loyalty_lens.pipeline.business_date import RequestedDate, requested_date
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.run import NO_DATE, single_step
from loyalty_lens.pipeline.run import run as run_all
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.report import figures, show
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build as build_layer
from loyalty_lens.warehouse.access import warehouse_url

LANDING = click.option(
    "--landing",
    type=PlaceType(),
    help="Folder with the files, or s3://bucket/prefix (default: LENS_LANDING, else landing/).",
)
BUSINESS_DATE = click.option(
    "--business-date",
    metavar="YYYY-MM-DD",
    help="Show the marts as of this date (default: the newest accepted sale).",
)


@click.command()
@LANDING
@click.option(
    "--replace",
    type=int,
    metavar="BATCH",
    help="Let a file replace this batch, whatever it removes; an unloaded one comes back.",
)
@click.option("--reason", metavar="TEXT", help="With --replace: why; kept in ops.audit_log.")
@click.pass_obj
def ingest(
    settings: Settings, landing: Path | str | None, replace: int | None, reason: str | None
) -> None:
    """Load new files into raw; nothing is judged yet."""
    if reason and replace is None:
        raise click.UsageError("--reason goes with --replace BATCH")
    with single_step(settings, warehouse_url(settings), "ingest") as run_id:
        report = steps.land(settings, run_id, landing, replace=replace, reason=reason)
    for file in report["files"]:
        click.echo(f"{file['outcome']:22} {file['path']} {file['message'] or ''}".rstrip())
    click.echo(f"{sum(file['rows_read'] for file in report['files']):,} rows read")
    _tell_problems(report)


@click.command()
@click.pass_obj
def validate(settings: Settings) -> None:
    """Judge what is not yet judged: accepted, rejected with every failed rule, or duplicate."""
    url = warehouse_url(settings)
    with single_step(settings, url, "validate") as run_id:
        report = steps.validate(settings, run_id)
    show.show_loaded(show.screen(), figures.loaded(url))
    _tell_held(report["held"])


@click.command()
@BUSINESS_DATE
@click.option("--tests", is_flag=True, help="Also run every data and unit test.")
@click.pass_obj
def build(settings: Settings, business_date: str | None, tests: bool) -> None:
    """Build staging, clean and marts from the accepted rows (dbt)."""
    requested = _requested(settings, business_date)
    url = warehouse_url(settings)
    with only_run(url), Workers(settings, url) as workers:
        for layer in ("all", "tests") if tests else ("all",):
            done = build_layer(url, workers.dbt, layer, run_id=None, business_date=requested.date)
            if layer == "all":
                pseudonyms.refresh(settings, url)
            click.echo(", ".join(f"{count} {kind}s" for kind, count in done.items()))


@click.command()
@LANDING
@BUSINESS_DATE
@click.pass_obj
def run(settings: Settings, landing: Path | str | None, business_date: str | None) -> None:
    """All steps as the daily DAG: land, validate, staging, clean, marts, publish, lists."""
    requested = _requested(settings, business_date)
    url = warehouse_url(settings)
    with Workers(settings, url) as workers:
        result = run_all(settings, url, requested, workers, landing=landing)
    tell_lists(result.answers["lists"])
    tell_messages(result.answers["notifications"])
    tell_digest(result.answers["digest"])
    summary(settings, url, result.answers["validate"]["notes"], result.seconds)
    _tell_problems(result.answers["land"])
    _tell_held(result.answers["validate"]["held"])
    tell_list_problems(result.answers["lists"])
    tell_message_problems(result.answers["notifications"])
    tell_message_problems(result.answers["digest"])


@click.command()
@click.pass_obj
def replay(settings: Settings) -> None:
    """Judge open rejects again and bring the marts up to date; every run does this too."""
    url = warehouse_url(settings)
    with Workers(settings, url) as workers:
        result = run_all(settings, url, NO_DATE, workers, with_landing=False)
    tell_lists(result.answers["lists"])
    tell_messages(result.answers["notifications"])
    tell_digest(result.answers["digest"])
    click.echo(f"{result.answers['validate']['replayed']:,} rows replayed")
    tell_list_problems(result.answers["lists"])
    tell_message_problems(result.answers["notifications"])
    tell_message_problems(result.answers["digest"])


def summary(settings: Settings, url: str, notes: list[str], seconds: dict[str, float]) -> None:
    """The closing summary of `lens run` and of the demo."""
    console = show.screen()
    known = figures.loaded(url)
    marts = figures.insight(url)
    show.show_loaded(console, known)
    idle = "never matches: its tier is unknown, or its event knows no store, category or purchase"
    for note in [*notes, *(f"loyalty rule {rule} {idle}" for rule in marts.points.idle_rules)]:
        console.print("[yellow]note[/]", escape(note), highlight=False, soft_wrap=True)
    show.show_insight(console, marts, settings.currency, settings.rfm_monetary_basis)
    show.show_seconds(console, seconds)
    date = known.last_run.business_date if known.last_run else None
    console.print(f"Business date: {date or 'unknown, no sale was ever accepted'}")


def tell_messages(sent: dict[str, Any]) -> None:
    """One line for the messages to customers, where there are any."""
    for file in sent["files"]:
        click.echo(f"{sent['messages']:,} messages to customers: {file}")


def tell_digest(written: dict[str, Any]) -> None:
    """Where the page about the run is."""
    if written["file"]:
        click.echo(f"digest: {written['file']}")


def tell_message_problems(sent: dict[str, Any]) -> None:
    """Messages that could not be written end the command with an error, too."""
    if sent["problems"]:
        raise CampaignError(f"not sent: {sent['problems'][0]}; the marts are published")


@click.command()
@click.pass_obj
def notify(settings: Settings) -> None:
    """Write messages of the outbox that were not delivered yet; every run does this too."""
    url = warehouse_url(settings)
    with only_run(url):
        done = deliver(settings, url, None)
    for file in done.files:
        click.echo(file)
    click.echo(f"{done.messages:,} messages")


def tell_lists(written: dict[str, Any]) -> None:
    """One line for each list."""
    for name, told in written["lists"].items():
        click.echo(f"list {name}: {told}")
    if written["lists"]:
        click.echo(f"lists are in {written['folder']}")


def tell_list_problems(written: dict[str, Any]) -> None:
    """Lists that could not be written end the command with an error, after all else is done."""
    problems = written["problems"]
    if problems:
        more = f" (and {len(problems) - 1} more lists)" if len(problems) > 1 else ""
        raise CampaignError(f"not written: {problems[0]}{more}; the marts are published")


def _tell_problems(landing: dict[str, Any]) -> None:
    """Files that were not loaded end the command with an error, after all else is done."""
    problems = [file for file in landing["files"] if file["outcome"] in ("failed", "stopped")]
    if problems:
        more = f" (and {len(problems) - 1} more, see lens status)" if len(problems) > 1 else ""
        raise LandingError(f"not loaded: {problems[0]['message']}{more}; all others are loaded")


def _tell_held(held: Sequence[dict[str, Any]]) -> None:
    """So do batches that are held, in every run until somebody has decided about them."""
    if held:
        more = f" (and {len(held) - 1} more, see lens status)" if len(held) > 1 else ""
        raise QualityError(f"{held[0]['message']}{more}; all others count")


def _requested(settings: Settings, business_date: str | None) -> RequestedDate:
    return requested_date(
        parameter=business_date,
        data_interval_start=None,
        run_type=None,
        time_zone=settings.default_time_zone,
    )


COMMANDS = (ingest, validate, build, run, replay, notify)
