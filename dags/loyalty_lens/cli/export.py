"""`lens export`: a list of customers as a CSV file, by hand."""

from collections.abc import Callable
from pathlib import Path

import click

from loyalty_lens.campaigns.definition import (
    Campaign,
    checked_columns,
    checked_holdout,
    load_campaigns,
)
from loyalty_lens.campaigns.export import export as write
from loyalty_lens.campaigns.segments import segment_list
from loyalty_lens.errors import CampaignError
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected

OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Default: LENS_EXPORTS/<business date>/<name>.csv.",
)
REASON = click.option(
    "--reason",
    default="to be written to",
    show_default=True,
    metavar="TEXT",
    help="Why; kept in ops.audit_log.",
)


@click.group()
def export() -> None:
    """Lists of customers to write to; only those who consent to marketing are in the files."""


@export.command("campaign")
@click.argument("name")
@OUT
@REASON
@click.pass_obj
def campaign(settings: Settings, name: str, out: Path | None, reason: str) -> None:
    """The list NAME of campaigns.yml, as every run writes it."""
    campaigns = load_campaigns(settings.campaigns)
    if name not in campaigns:
        there = ", ".join(campaigns) or "none"
        raise CampaignError(
            f"there is no list {name!r} in {settings.campaigns}; there are: {there}"
        )
    _export(settings, lambda _: campaigns[name], out, reason)


@export.command("segment")
@click.argument("name")
@click.option("--columns", metavar="A,B,...", help="Columns of the file beside customer_id.")
@click.option("--holdout", metavar="SHARE", default="0", help="Share not written to, such as 0.10.")
@OUT
@REASON
@click.pass_obj
def segment(
    settings: Settings,
    name: str,
    columns: str | None,
    holdout: str,
    out: Path | None,
    reason: str,
) -> None:
    """All customers of the segment NAME, of whichever scheme: "High Value - At Risk", Champions."""
    share = checked_holdout("--holdout", holdout)
    given = [each.strip() for each in columns.split(",") if each.strip()] if columns else None

    def found(url: str) -> Campaign:
        with connected(url) as connection, connection.cursor() as cursor:
            chosen = {} if given is None else {"columns": checked_columns("--columns", given)}
            return segment_list(cursor, name, holdout=share, **chosen)

    _export(settings, found, out, reason)


def _export(
    settings: Settings, found: Callable[[str], Campaign], out: Path | None, reason: str
) -> None:
    url = warehouse_url(settings)
    if out and out.exists():
        raise CampaignError(f"{out}: exists already; name another file")
    with only_run(url):
        chosen = found(url)
        with connected(url) as connection:
            done = write(settings, connection, chosen, path=out, reason=reason)
    for line in done.lines():
        click.echo(line)


COMMANDS = (export,)
