"""The commands about privacy: who may read what, and a person's rights."""

import json
from pathlib import Path

import click

from loyalty_lens.campaigns.files import new_file
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.privacy.erased import keep_list, list_of
from loyalty_lens.privacy.erasure import erase as erase_customer
from loyalty_lens.privacy.retention import retain as retain_data
from loyalty_lens.privacy.rights import rights_table
from loyalty_lens.privacy.subject_access import subject_access as write_all
from loyalty_lens.recovery.backup import database_of
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build, refuse_unjudged
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected

REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; kept in ops.audit_log.")


@click.command()
@click.pass_obj
def rights(settings: Settings) -> None:
    """Who may read what in this warehouse: a table of objects and roles."""
    with connected(warehouse_url(settings)) as connection:
        click.echo(rights_table(connection), nl=False)


@click.command()
@click.argument("customer")
@REASON
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(settings: Settings, customer: str, reason: str, yes: bool) -> None:
    """Blank all personal data of a CUSTOMER, for good; keys and amounts stay, totals do not change.

    Files that name the customer later come in without personal data.
    """
    url = warehouse_url(settings)
    if not yes:
        click.confirm(
            f"Erase the personal data of customer {customer}? It cannot be undone", abort=True
        )
    with only_run(url), Workers(settings, url) as workers:
        refuse_unjudged(url)
        session = pseudonyms.session(settings)
        done = erase_customer(url, customer, reason, settings.exports, session)
        stamp = "".join(c for c in done.erased_at if c.isdigit())[:20]
        path = settings.home / "erasures" / f"erasure_{stamp}.json"
        with new_file(path, mark=b"") as file:
            file.stream.write(json.dumps(done.as_dict(), indent=1).encode())
            file.keep()
        keep_list(url, list_of(settings.backups, database_of(url)))
        renew(settings, url, workers)
    rows = ", ".join(f"{table} {count:,}" for table, count in done.rows.items()) or "nothing left"
    click.echo(f"customer {customer} erased: {rows}; lists rewritten: {len(done.exports)}")
    click.echo(f"certificate: {path}")
    click.echo(f"not reached: {done.left}")


@click.command("subject-access")
@click.argument("customer")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.json")
@REASON
@click.pass_obj
def subject_access(settings: Settings, customer: str, out: Path, reason: str) -> None:
    """Write all that is held about one CUSTOMER to a file, each delivered row with its file."""
    counts = write_all(warehouse_url(settings), customer, out, reason)
    click.echo(f"{sum(counts.values()):,} rows of {len(counts)} tables: {out}")


@click.command()
@click.pass_obj
def retain(settings: Settings) -> None:
    """End what LENS_RETENTION says is kept long enough; the maintenance DAG does it, too."""
    url = warehouse_url(settings)
    with only_run(url), Workers(settings, url) as workers:
        refuse_unjudged(url)
        done = retain_data(settings, url)
        keep_list(url, list_of(settings.backups, database_of(url)))
        if any(done.values()):
            renew(settings, url, workers)
    told = ", ".join(f"{name} {count:,}" for name, count in done.items())
    click.echo(told or "LENS_RETENTION names nothing: everything is kept")


def renew(settings: Settings, url: str, workers: Workers) -> None:
    """Brings clean and marts, and the pseudonyms, to what raw holds now."""
    build(url, workers.dbt, "all", run_id=None, business_date=None)
    pseudonyms.refresh(settings, url)


COMMANDS = (rights, erase, subject_access, retain)
