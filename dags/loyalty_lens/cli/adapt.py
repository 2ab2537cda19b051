"""`lens adapt`: public data sets as daily files of the input contract."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from loyalty_lens.errors import SettingsError

PATH = click.Path(path_type=Path, readable=False)


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter(f"{value!r}: use a date such as 2025-06-26") from None


@click.group()
def adapt() -> None:
    """Public data sets as daily files of the input contract."""


@adapt.command("online-retail")
@click.argument("file", type=PATH)
@click.option("--out", type=PATH, required=True, help="Folder to write to: one folder a day.")
@click.option(
    "--shift-to",
    callback=_day,
    metavar="DATE",
    help="The n-th day of the file that has sales becomes the n-th calendar day from here on.",
)
@click.option(
    "--replace", "replaces", is_flag=True, help="Remove what lens wrote there before first."
)
def online_retail(file: Path, out: Path, shift_to: dt.date | None, replaces: bool) -> None:
    """UCI Online Retail II (FILE .csv, .csv.xz, .csv.gz, .xlsx or .parquet).

    Countries become stores, invoices sales, cancellations returns; postage, fees and gift cards
    are no merchandise, and lines without a customer are guests. Then: LENS_FEED=online_retail
    LENS_CURRENCY=GBP lens run --landing DIR.
    """
    from seeds_generator import FolderError
    from seeds_generator.adapters import AdapterError, adapt_online_retail

    try:
        with _progress() as progress:
            made = adapt_online_retail(
                file, out, shift_to=shift_to, replace=replaces, progress=progress
            )
    except (AdapterError, FolderError) as error:
        raise SettingsError(f"lens adapt: {error}") from None
    except OSError as error:
        where = error.filename or out
        raise SettingsError(
            f"lens adapt: {where}: {error.strerror}; name a file that is there and a folder that"
            " can be written"
        ) from None
    click.echo(
        f"{made.days} days from {made.first_day} to {made.last_day} below {out}:"
        f" {made.headers:,} sales and returns with {made.lines:,} lines,"
        f" {made.products:,} products, {made.stores} stores"
    )
    if made.repeated:
        click.echo(
            f"{made.repeated:,} of {made.rows:,} rows left out: all rows of their invoices were"
            " there before"
        )


@contextmanager
def _progress() -> Iterator[Any]:
    """On a terminal a bar, and the number of rows read; nothing elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def told(done: int, total: int | None) -> None:
            if total is None:
                bar.update(task, description=f"reading, {done:,} rows")
            else:
                bar.update(task, description="writing", completed=done, total=total)

        yield told


COMMANDS = (adapt,)
