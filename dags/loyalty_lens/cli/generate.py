"""`lens generate`: invented daily files in the input contract."""

import datetime as dt
from pathlib import Path

import click

from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dt.date:
    if value is None or value == "yesterday":
        return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: use a date such as 2026-01-11, or yesterday"
        ) from None


@click.command()
@click.option("--history-days", default=180, show_default=True, help="Days in the first drop.")
@click.option("--days", default=7, show_default=True, help="Daily drops after it.")
@click.option("--customers", default=2000, show_default=True)
@click.option("--stores", default=12, show_default=True)
@click.option("--products", default=240, show_default=True)
@click.option("--promotions", default=12, show_default=True)
@click.option("--defect-rate", default=0.01, show_default=True, help="Share of defective rows.")
@click.option("--seed", default=42, show_default=True, help="Same seed, same bytes.")
@click.option("--end", callback=_day, metavar="DATE", help="Last day: a date, or yesterday.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    required=True,
    help="Folder to write to.",
)
@click.pass_obj
def generate(settings: Settings, /, out: Path, **options: object) -> None:
    """Write history/ and one dated folder a day of realistic sales, with injected defects."""
    import seeds_generator  # Faker and NumPy take half a second that no other command needs

    try:
        written = seeds_generator.generate(
            seeds_generator.GeneratorOptions(
                **options,  # type: ignore[arg-type]
                currency=settings.currency,
            ),
            out,
        )
    except ValueError as error:
        raise SettingsError(f"lens generate: {error}") from None
    except OSError as error:
        raise SettingsError(
            f"lens generate: {out}: {error.strerror}; choose another --out"
        ) from None
    rows = sum(file.rows for file in written.files)
    click.echo(f"{len(written.files)} files, {rows:,} rows below {out}")
