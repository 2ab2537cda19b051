"""The commands about points: rules, the account of a customer, month close, and what if."""

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import click

from loyalty_lens.errors import SettingsError
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.report import show
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url

AS_JSON = click.option("--json", "as_json", is_flag=True, help="The same for machines, as JSON.")


def a_date(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> dt.date | None:
    """The date that an option names; SettingsError with the option's name where it names none."""
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        raise SettingsError(
            f"{parameter.opts[0]} {value!r} is no date: use one such as 2026-01-31"
        ) from None


def a_month(_context: click.Context, _parameter: click.Parameter, value: str) -> dt.date:
    """The first day of the month that an argument names; SettingsError where it names none."""
    try:
        return dt.datetime.strptime(value, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise SettingsError(f"{value!r} is no month: use one such as 2026-01") from None


@click.command()
@AS_JSON
@click.pass_obj
def rules(settings: Settings, as_json: bool) -> None:
    """Every version of every loyalty rule and promotion that gives points, with its dates."""
    from loyalty_lens.points.rules import rules as find
    from loyalty_lens.points.show_rules import show_rules

    found = find(settings, warehouse_url(settings))
    if as_json:
        _as_json(found)
    else:
        show_rules(show.screen(), found, settings.currency)


@click.command()
@click.argument("customer")
@click.option("--date", metavar="YYYY-MM-DD", callback=a_date, help="Default: the business date.")
@AS_JSON
@click.pass_obj
def explain(settings: Settings, customer: str, date: dt.date | None, as_json: bool) -> None:
    """A CUSTOMER's balance on a date, down to lots, rules, versions and records of files."""
    from loyalty_lens.points.explain import explain as account_of
    from loyalty_lens.points.show_account import sentence, show_account

    account = account_of(settings, warehouse_url(settings), customer, date)
    if as_json:
        _as_json(account, explanation=sentence(account))
    else:
        show_account(show.screen(), account, settings.currency, settings.point_cost)


@click.command()
@click.argument("month", metavar="YYYY-MM", callback=a_month)
@click.option("--reason", metavar="TEXT", help="Why; kept with the closing and in the audit log.")
@click.option("--again", is_flag=True, help="Close a closed month anew; the old closing is kept.")
@click.pass_obj
def close(settings: Settings, month: dt.date, reason: str | None, again: bool) -> None:
    """Keep a month's closing figures as published; what differs later is shown as restated."""
    from loyalty_lens.points.close import close as close_month
    from loyalty_lens.points.show_closing import show_closing

    url = warehouse_url(settings)
    with only_run(url):
        closing = close_month(settings, url, month, reason, again=again)
    show_closing(show.screen(), closing, settings.currency)


@click.command("what-if")
@click.argument("file", type=click.Path(path_type=Path), metavar="RULES.csv")
@click.option("--from", "first_day", metavar="YYYY-MM-DD", callback=a_date, help="First day.")
@click.option("--to", "last_day", metavar="YYYY-MM-DD", callback=a_date, help="Last day.")
@click.option("--largest", type=click.IntRange(min=0), default=5, show_default=True)
@AS_JSON
@click.pass_obj
def what_if(
    settings: Settings,
    file: Path,
    first_day: dt.date | None,
    last_day: dt.date | None,
    largest: int,
    as_json: bool,
) -> None:
    """What points, liability, winners and losers would be had the rules of a file held.

    All history is replayed under them (--from, --to: only those days; outside, today's rules hold).
    Nothing in the warehouse changes.
    """
    from loyalty_lens.points.show_what_if import show_what_if
    from loyalty_lens.points.what_if import what_if as replay

    url = warehouse_url(settings)
    with only_run(url):
        found = replay(settings, url, file, first_day=first_day, last_day=last_day, largest=largest)
    if as_json:
        _as_json(found)
    else:
        show_what_if(show.screen(), found, settings.currency)


def _as_json(found: Any, **more: Any) -> None:
    click.echo(json.dumps({**more, **dataclasses.asdict(found)}, default=str, indent=2))


COMMANDS = (rules, explain, close, what_if)
