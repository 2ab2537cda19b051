"""`lens template`: before the first file is loaded."""

from pathlib import Path

import click

from loyalty_lens.bring.template import write_templates
from loyalty_lens.errors import SettingsError
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
    click.echo(f"fill in what you have, then: lens run --landing {out}")


COMMANDS = (template,)
