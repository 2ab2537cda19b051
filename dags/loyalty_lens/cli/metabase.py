"""`lens metabase`: dashboards to Metabase, and whether they work there."""

import click

from loyalty_lens.settings import Settings

WAIT = click.option(
    "--wait", type=float, default=300, show_default=True, help="Seconds until Metabase is up."
)


@click.group()
def metabase() -> None:
    """Push the dashboards to Metabase (LENS_METABASE_URL), or check them there."""


@metabase.command()
@WAIT
@click.option("--again-after-first-run", is_flag=True, help="Push again once a run has succeeded.")
@click.option(
    "--first-run-minutes",
    type=float,
    default=30,
    show_default=True,
    help="How long --again-after-first-run waits.",
)
@click.pass_obj
def push(
    settings: Settings, wait: float, again_after_first_run: bool, first_run_minutes: float
) -> None:
    """Create and change what differs; archive what left the definition; touch nothing else."""
    # httpx and pydantic take a third of a second that no other command needs
    from metabase.provision import push as pushing
    from metabase.provision.warehouse import NothingBuiltError

    def once() -> None:
        done = pushing.push(settings, click.echo, wait=wait)
        report = done.report
        click.echo(
            f"pushed to {done.url}: {_count(len(done.dashboards), 'dashboard')},"
            f" {_count(len(done.cards), 'card')}; {report.created_count} created,"
            f" {report.changed_count} changed, {report.archived_count} archived"
        )
        for address in done.addresses:
            click.echo(address)

    if not again_after_first_run:
        once()
        return
    try:
        once()
    except NothingBuiltError:
        click.echo("Metabase is connected; cards follow when the first run has built the marts")
    if pushing.wait_for_first_run(settings, first_run_minutes * 60):
        once()
    else:
        click.echo(
            f"no run has succeeded within {first_run_minutes:g} minutes;"
            " after the first one: lens metabase push"
        )


@metabase.command()
@WAIT
@click.pass_obj
def check(settings: Settings, wait: float) -> None:
    """Read the dashboards back and run every card, without a filter and with each."""
    from metabase.provision.check import check as run_check

    done = run_check(settings, wait=wait)
    click.echo(
        f"{_count(done.dashboards, 'dashboard')} complete,"
        f" {_count(done.cards, 'card')} run {done.queries} times without a failure"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


COMMANDS = (metabase,)
