"""`lens template` and `lens check`: before the first file is loaded."""

from pathlib import Path

import click

from loyalty_lens.bring.template import write_templates
from loyalty_lens.cli.place import PlaceType
from loyalty_lens.errors import LandingError, SettingsError
from loyalty_lens.settings import Settings
from loyalty_lens.splits import load_layouts

FOLDER = click.Path(path_type=Path, readable=False)


@click.command()
@click.argument("data_sets", nargs=-1, metavar="[DATA_SET]...")
@click.option(
    "--out", type=FOLDER, default=Path("templates"), show_default=True, help="Folder to write to."
)
def template(data_sets: tuple[str, ...], out: Path) -> None:
    """Write a CSV to fill in for each DATA_SET, or for all: columns explained, two example rows.

    Existing files are never overwritten.
    """
    known = load_layouts()
    for name in data_sets:
        if name not in known:
            raise SettingsError(f"{name!r} is no data set; there are {', '.join(known)}")
    chosen = [known[name] for name in dict.fromkeys(data_sets or known)]
    for path in write_templates(chosen, out):
        click.echo(path)
    click.echo(f"fill in what you have, then: lens check {out}")


@click.command()
@click.argument("folder", type=PlaceType(), metavar="DIR|URL")
@click.option(
    "--alone", is_flag=True, help="Judge the files by themselves, as if nothing else was."
)
@click.option("--strict", is_flag=True, help="Exit code 1 where a row would be rejected, too.")
@click.pass_obj
def check(settings: Settings, folder: Path | str, alone: bool, strict: bool) -> None:
    """Say what is recognised in the files below DIR, and what would be rejected; change nothing.

    The files are loaded and judged in a database that is thrown away. Exit code 1 where a file
    would not be loaded, or nothing is recognised.
    """
    from loyalty_lens.bring import check as look  # what it needs takes a moment to import
    from loyalty_lens.bring import show

    report = look.check(settings, folder, alone=alone)
    show.show(show.screen(), report)
    if report.refused:
        more = f" (and {len(report.refused) - 1} more)" if len(report.refused) > 1 else ""
        first = report.refused[0]
        raise LandingError(f"would not be loaded: {first.message or first.path}{more}")
    if not any(file.outcome != "ignored" for file in report.files):
        raise LandingError(f"no file below {folder} is one of a data set")
    if strict and report.rejected_rows:
        raise LandingError(f"{report.rejected_rows:,} rows would be rejected (--strict)")


COMMANDS = (template, check)
