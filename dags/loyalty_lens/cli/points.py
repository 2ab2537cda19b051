"""The commands about points: rules, the account of a customer, month close, and what if."""

import dataclasses
import datetime as dt
import json
from typing import Any

import click

from loyalty_lens.errors import SettingsError
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
            f"--{parameter.name} {value!r} is no date: use one such as 2026-01-31"
        ) from None


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


def _as_json(found: Any, **more: Any) -> None:
    click.echo(json.dumps({**more, **dataclasses.asdict(found)}, default=str, indent=2))


COMMANDS = (rules, explain)
