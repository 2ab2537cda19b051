"""The commands of a data steward: look at rejects, have them repaired, take them in, close them."""

from pathlib import Path

import click
from rich.markup import escape

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.report import show
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.exporting import export as export_rejects
from loyalty_lens.stewardship.releasing import release as release_batch
from loyalty_lens.stewardship.repair import RepairReport, load_repairs
from loyalty_lens.stewardship.selection import (
    STATUSES,
    Selection,
    counted,
    listed,
    named_data_set,
)
from loyalty_lens.stewardship.waiving import waive as waive_rejects
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected

RULE = click.option("--rule", metavar="RULE", help="Only rows that failed this rule.")
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the audit log.")


@click.group()
def rejects() -> None:
    """Rejected rows: list them, export them for repair, load them repaired, waive them."""


@rejects.command("list")
@click.argument("data_set", required=False)
@RULE
@click.option(
    "--status",
    type=click.Choice([*STATUSES, "all"]),
    default="open",
    show_default=True,
    help="What became of them.",
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.pass_obj
def list_(
    settings: Settings, data_set: str | None, rule: str | None, status: str, limit: int
) -> None:
    """How many rejects each rule has; of one data set the rows with their messages."""
    wanted = None if status == "all" else status
    console = show.screen()
    with connected(warehouse_url(settings)) as connection, connection.cursor() as cursor:
        if data_set is None:
            counts = list(counted(cursor, load_data_sets(), rule, wanted))
            rows = [(*names, show.number(count)) for *names, count in counts]
            columns = ("data set", "rule", "status", "rows")
            if rows:
                show.table(console, "Rejects, by rule", columns, rows, text_columns=3)
            else:
                console.print(f"no {status} rejects" if wanted else "no rejects")
            return
        selection = Selection(named_data_set(data_set), rule, status=wanted)
        count, found = listed(cursor, selection, limit)
    for row in found:
        console.print(
            f"batch {row.batch_id} row {row.row_number}  {escape(row.key)}"
            f"  [yellow]{escape(', '.join(row.rule_ids))}[/]  {escape('; '.join(row.messages))}",
            highlight=False,
            soft_wrap=True,
        )
    more = f", the first {len(found)} shown (--limit)" if count > len(found) else ""
    console.print(f"{show.number(count)} rows{more}")


@rejects.command()
@click.argument("data_set", required=False)
@RULE
@click.option("--batch", type=int, metavar="BATCH", help="Only rows of this batch.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--reason", default="to be repaired", show_default=True, metavar="TEXT")
@click.pass_obj
def export(
    settings: Settings,
    data_set: str | None,
    rule: str | None,
    batch: int | None,
    out: Path,
    reason: str,
) -> None:
    """Open rejects as a CSV file for a spreadsheet; without a data set one file for each."""
    url = warehouse_url(settings)
    if data_set is not None:
        files = {named_data_set(data_set): out}
    else:
        files = {
            each: out.with_name(f"{out.stem}_{name}{out.suffix or '.csv'}")
            for name, each in load_data_sets().items()
        }
    total = 0
    for each, path in files.items():
        rows = export_rejects(url, Selection(each, rule, batch), path, reason)
        total += rows
        if rows:
            click.echo(f"{rows:,} rows of {each.name}: {path}")
    if total:
        click.echo("repair their cells and take them in: lens rejects load FILE.csv --reason TEXT")
    else:
        click.echo("no open rejects, nothing written")


@rejects.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@REASON
@click.pass_obj
def load(settings: Settings, file: Path, reason: str) -> None:
    """Take in the repaired rows of an exported file; the next run judges them like any other."""
    url = warehouse_url(settings)
    with only_run(url):
        report = load_repairs(url, file, reason, pseudonyms.session(settings))
    for line in _told(report):
        click.echo(line)


def _told(report: RepairReport) -> list[str]:
    lines = [
        f"{batch.rows:,} rows of {report.data_set} repaired: batch {batch.batch_id} beside batch"
        f" {batch.repairs_batch} ({batch.source_file})"
        for batch in report.batches
    ]
    if report.changed:
        cells = ", ".join(f"{name} {rows:,}" for name, rows in report.changed)
        lines.append(f"cells changed: {cells}")
    if report.erased:
        lines.append(f"{report.erased:,} rows of erased customers, without their personal data")
    if report.unchanged:
        lines.append(f"{report.unchanged:,} rows unchanged, they stay open")
    if report.known:
        lines.append(f"{report.known:,} rows repaired or closed before, nothing to do for them")
    if report.ignored_columns:
        lines.append(f"columns not looked at: {', '.join(report.ignored_columns)}")
    lines.append("lens run judges them and brings the marts up to date" if report.batches else "")
    return [line for line in lines if line]


@rejects.command()
@click.argument("data_set")
@click.argument("batch", type=int, required=False)
@click.argument("row", type=int, required=False)
@RULE
@click.option("--batch", "of_batch", type=int, metavar="BATCH", help="With --rule: of this batch.")
@REASON
@click.pass_obj
def waive(
    settings: Settings,
    data_set: str,
    batch: int | None,
    row: int | None,
    rule: str | None,
    of_batch: int | None,
    reason: str,
) -> None:
    """Close open rejects for good: the ROW of a BATCH, or all that failed a --rule."""
    if (row is None) == (rule is None) or (rule is not None and batch is not None):
        raise click.UsageError("name a BATCH and a ROW, or a --rule (with --batch for one batch)")
    url = warehouse_url(settings)
    selection = Selection(named_data_set(data_set), rule, batch or of_batch, row)
    with only_run(url):
        waived = waive_rejects(url, selection, reason)
    click.echo(f"{waived:,} rows of {data_set} waived; they stay out and count as rejected")


@click.command()
@click.argument("batch", type=int)
@REASON
@click.pass_obj
def release(settings: Settings, batch: int, reason: str) -> None:
    """Let a BATCH through that a rule about whole batches has stopped."""
    url = warehouse_url(settings)
    with only_run(url):
        source_file = release_batch(url, batch, reason)
    click.echo(f"batch {batch} let through ({source_file}): lens run judges its rows")


COMMANDS = (rejects, release)
