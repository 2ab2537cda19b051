"""The commands that save the warehouse to a file and bring it back."""

from pathlib import Path

import click

from loyalty_lens.cli.privacy import renew
from loyalty_lens.errors import WarehouseError
from loyalty_lens.pipeline.certificate import count_again
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.privacy.erased import erase_again, keep_list, list_of, read_lists
from loyalty_lens.recovery.backup import NAME, back_up, backups, database_of
from loyalty_lens.recovery.restore import restore as put_back
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.upkeep.full_checks import data_tests, raw_is_whole, restore_drill
from loyalty_lens.upkeep.tidying import forget_old, retain, vacuum
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected, shown


@click.command()
@click.pass_obj
def backup(settings: Settings) -> None:
    """Save the warehouse to a file in LENS_BACKUPS; only the newest LENS_BACKUPS_KEPT stay."""
    url = warehouse_url(settings)
    with only_run(url):
        saved, content = back_up(url, settings.backups, keep=settings.backups_kept)
    click.echo(saved.path)
    tables = len(content.row_counts)
    click.echo(f"{content.rows:,} rows of {tables} tables, {saved.size_bytes / 1e6:,.1f} MB")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--list", "only_list", is_flag=True, help="Name the backups there are.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="none given", metavar="TEXT", help="Why; kept in ops.audit_log.")
@click.pass_obj
def restore(settings: Settings, file: Path | None, only_list: bool, yes: bool, reason: str) -> None:
    """Put the warehouse back as a backup holds it (default: the newest in LENS_BACKUPS)."""
    url = warehouse_url(settings)
    found = backups(url, settings.backups)
    if only_list:
        for each in found:
            size = f"{each.size_bytes / 1e6:,.1f} MB"
            click.echo(f"{each.taken_at:%Y-%m-%d %H:%M} UTC  {size:>12}  {each.path}")
        return
    if file is None and not found:
        raise WarehouseError(
            f"{settings.backups}: no backup of this warehouse; name a file, or set LENS_BACKUPS"
        )
    chosen = file or found[0].path
    if not yes:
        click.confirm(
            f"Replace the warehouse at {shown(url)} by {chosen}? What came since goes", abort=True
        )
    lists = [list_of(settings.backups, database_of(url))]
    if named := NAME.fullmatch(chosen.name):
        lists.append(list_of(chosen.parent, named["database"]))
    with only_run(url), Workers(settings, url) as workers:
        keep_list(url, lists[0])
        erased = read_lists(lists)
        content = put_back(url, chosen)
        again = erase_again(url, erased, pseudonyms.session(settings))
        with connected(url) as connection, connection.cursor() as cursor:
            details = {"file": chosen.name, "erased_again": again}
            record(cursor, "restore", given_reason(reason), details=details)
        if again:
            renew(settings, url, workers)
    click.echo(f"restored from {chosen}")
    if again:
        click.echo(f"{again:,} customers who were erased since are erased again")
    click.echo(
        f"{content.rows:,} rows of {len(content.row_counts)} tables, as they were saved;"
        " lens run loads what arrived since"
    )


@click.command()
@click.pass_obj
def maintain(settings: Settings) -> None:
    """Vacuum and analyze, remove what is older than settings allow, then back up (nightly)."""
    url = warehouse_url(settings)
    with only_run(url):
        removed = forget_old(settings, url)
        kept = retain(settings, url)
        tables = vacuum(url)
        saved, _ = back_up(url, settings.backups, keep=settings.backups_kept)
    for name, count in {**removed, **kept}.items():
        click.echo(f"removed {count} {name}")
    click.echo(f"{tables} tables vacuumed; {saved.path}")


@click.command()
@click.option("--restore", "with_restore", is_flag=True, help="Also try the newest backup out.")
@click.pass_obj
def verify(settings: Settings, with_restore: bool) -> None:
    """Check everything that a daily run checks in part: all data tests, tables, raw."""
    url = warehouse_url(settings)
    with only_run(url):
        done = data_tests(settings, url)
        counted = count_again(url)
        counts = raw_is_whole(url)
        drill = restore_drill(settings, url) if with_restore else None
    click.echo(f"{done.get('test', 0)} data tests passed")
    click.echo(f"{len(counted)} tables are what certificates say: {', '.join(counted)}")
    click.echo(f"{sum(counts.values()):,} rows of {len(counts)} data sets are in raw, as read")
    if drill:
        click.echo(f"{drill['backup']} brings back {drill['rows']:,} rows, as they were saved")


COMMANDS = (backup, restore, maintain, verify)
