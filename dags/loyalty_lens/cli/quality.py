"""How good the data are: `lens status`, `lens profile`, `lens docs quality`."""

import dataclasses
import json
from pathlib import Path

import click

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.documents.dictionary import dictionary
from loyalty_lens.errors import SettingsError
from loyalty_lens.pipeline.steps import stale_days
from loyalty_lens.quality.documents import write_documents
from loyalty_lens.quality.profile import profile as profile_data_set
from loyalty_lens.report import figures, show
from loyalty_lens.report.health import health
from loyalty_lens.report.show_health import show_health
from loyalty_lens.report.show_profile import show_profile
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.worker import Worker


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same for machines, as JSON.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """What is loaded, rejected, missing and stale, how good it is, and how the last runs ended."""
    url = warehouse_url(settings)
    known, found = figures.loaded(url), health(url)
    if as_json:
        content = {**dataclasses.asdict(known), **dataclasses.asdict(found)}
        click.echo(json.dumps(content, default=str, indent=2))
        return
    console = show.screen()
    show.show_loaded(console, known, with_rejects=not found.rejects)
    show_health(console, found, settings.currency)
    console.print(f"\nNewest accepted sale: {known.newest_business_date or 'none yet'}")
    if known.last_run:
        row = known.last_run
        console.print(
            f"Last run: {row.status}, business date {row.business_date or 'none'},"
            f" started {row.started_at:%Y-%m-%d %H:%M} UTC {row.message or ''}".rstrip(),
            soft_wrap=True,
            markup=False,
        )
        stale = stale_days(row.business_date, known.newest_business_date)
        if stale:
            console.print(f"[yellow]stale[/]: the sales end {stale} days before the business date")
    else:
        console.print("No run yet: lens run --landing DIR")


@click.command()
@click.argument("data_set", required=False)
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=100_000,
    show_default=True,
    help="Rows to look at in a data set that has more; 0: all.",
)
@click.option("--with-personal", is_flag=True, help="Keep and show values of personal columns too.")
@click.pass_obj
def profile(settings: Settings, data_set: str | None, sample: int, with_personal: bool) -> None:
    """Per column nulls, distinct, lowest, highest, common values, length and shape."""
    data_sets = load_data_sets()
    if data_set is not None and data_set not in data_sets:
        raise SettingsError(f"{data_set}: no such data set; there are {', '.join(data_sets)}")
    url, console = warehouse_url(settings), show.screen()
    for name in [data_set] if data_set else data_sets:
        found = profile_data_set(url, data_sets[name], sample=sample, with_personal=with_personal)
        if found:
            show_profile(console, name, found)
        else:
            console.print(f"{name}: no accepted rows")
    console.print("\nkept in ops.column_profiles")


@click.group()
def docs() -> None:
    """Pages that are written on request."""


@docs.command("quality")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to (default: LENS_HOME/docs/quality).",
)
@click.pass_obj
def docs_quality(settings: Settings, out: Path | None) -> None:
    """The last results of every rule as Data Docs of Great Expectations, to read offline."""
    url = warehouse_url(settings)
    with Worker("loyalty_lens.quality.data_docs") as worker:
        index = write_documents(
            url, out or settings.home / "docs" / "quality", worker, feed=settings.feed
        )
    click.echo(f"written: {index}")


@docs.command("dictionary")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write to (default: LENS_HOME/docs/data_dictionary.md).",
)
@click.pass_obj
def docs_dictionary(settings: Settings, out: Path | None) -> None:
    """Every table and column: what it means, who may see it, who reads it, how fresh it is."""
    path = out or settings.home / "docs" / "data_dictionary.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dictionary(), "utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written ({error.strerror})") from error
    click.echo(f"written: {path}")


COMMANDS = (status, profile, docs)
