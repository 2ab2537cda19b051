"""`lens generate` and `lens feed`: invented daily files in the input contract."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings

FOLDER = click.Path(path_type=Path, readable=False)
WHOLE = {
    "history_days": "Days in the first drop.",
    "days": "Daily drops after it.",
    "ahead_days": "Days planned after the last one, for lens feed.",
    "customers": "Customers.",
    "stores": "Stores.",
    "products": "Products.",
    "promotions": "Promotions.",
    "seed": "Same seed and options, same bytes.",
}
RATES = {
    "purchases_a_day": "Mean purchases a day of a customer.",
    "lines_per_sale": "Mean lines of a basket.",
    "defect_rate": "Share of defective rows, shared out among the kinds.",
    "late_rate": "Share of stores' days that come late.",
    "outlier_rate": "Share of lines with an amount far off.",
}


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dt.date | None:
    if value is None:
        return None
    if value == "yesterday":
        return _yesterday()
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: use a date such as 2026-01-11, or yesterday"
        ) from None


def _yesterday() -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


def _defects(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, float]:
    rates = {}
    for value in values:
        kind, _, rate = value.partition("=")
        try:
            rates[kind] = float(rate)
        except ValueError:
            raise click.BadParameter(f"{value!r}: use KIND=RATE") from None
    return rates


def _sizes(command: Any) -> Any:
    for kind, options in ((float, RATES), (int, WHOLE)):
        for name, text in reversed(options.items()):
            command = click.option("--" + name.replace("_", "-"), type=kind, help=text)(command)
    return command


@click.command()
@click.option(
    "--preset",
    type=click.Choice(["demo", "small", "sample", "large", "xl"]),
    default="demo",
    show_default=True,
    help="Size to start from; the options below change it.",
)
@_sizes
@click.option(
    "--defect",
    "defect_rates",
    multiple=True,
    metavar="KIND=RATE",
    callback=_defects,
    help="Share of rows with this kind of defect (seeds_generator/defects.py).",
)
@click.option("--start", callback=_day, metavar="DATE", help="First day of the data.")
@click.option(
    "--end", callback=_day, metavar="DATE", help="Last day: a date, or yesterday (the default)."
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
@click.option("--truth", type=FOLDER, help="Folder for what was planted (CSV files).")
@click.option(
    "--replace", "replaces", is_flag=True, help="Remove what an earlier lens generate wrote there."
)
@click.pass_obj
def generate(
    settings: Settings,
    /,
    preset: str,
    start: dt.date | None,
    end: dt.date | None,
    out: Path,
    truth: Path | None,
    replaces: bool,
    **options: Any,
) -> None:
    """Write history/ and one dated folder a day of realistic sales, with injected defects."""
    import seeds_generator  # Faker and NumPy take half a second that no other command needs

    if start and end:
        raise SettingsError("lens generate: --start or --end, not both")
    given = {name: value for name, value in options.items() if value is not None}
    with _told("lens generate", out):
        chosen = replace(seeds_generator.PRESETS[preset], currency=settings.currency, **given)
        if start:
            end = start + dt.timedelta(days=chosen.total_days - 1)
        chosen = replace(chosen, end=end or _yesterday())
        with _progress("generating") as progress:
            written = seeds_generator.found(
                chosen, out, truth=truth, progress=progress, replace=replaces
            )
    rows = sum(file.rows for file in written.files)
    click.echo(f"{len(written.files)} files, {rows:,} rows below {out}")


@click.command()
@click.option(
    "--landing", type=FOLDER, help="Folder made by lens generate (default: LENS_LANDING)."
)
@click.option("--days", type=click.IntRange(min=1), default=1, show_default=True)
@click.pass_obj
def feed(settings: Settings, landing: Path | None, days: int) -> None:
    """Drop the next day of an invented shop into its landing folder."""
    import seeds_generator

    folder = landing or settings.landing
    with _told("lens feed", folder):
        for _ in range(days):
            day, written = seeds_generator.feed(folder)
            rows = sum(file.rows for file in written.files)
            click.echo(f"{day}: {len(written.files)} files, {rows:,} rows")


@contextmanager
def _told(command: str, folder: Path) -> Iterator[None]:
    """Every failure as one line."""
    import seeds_generator

    try:
        yield
    except (seeds_generator.NoPlanError, seeds_generator.FolderError) as error:
        raise SettingsError(f"{command}: {error}") from None
    except (ValueError, OverflowError, MemoryError) as error:
        raise SettingsError(f"{command}: {error}") from None
    except OSError as error:
        where = error.filename or folder  # the folder of the truth, for one
        raise SettingsError(
            f"{command}: {where}: {error.strerror}; choose another folder"
        ) from None


@contextmanager
def _progress(what: str) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)


COMMANDS = (generate, feed)
