"""Reads back what was pushed, and runs every card as a reader would: bare, and with each filter."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from loyalty_lens.errors import MetabaseError
from loyalty_lens.settings import Settings
from metabase.definition import Card, Dashboard, read_definition
from metabase.provision import collection as collections
from metabase.provision.access import identify, setup_token
from metabase.provision.cards import tag_id
from metabase.provision.client import Json, Metabase, wait_until_up
from metabase.provision.dashboards import require_complete
from metabase.provision.target import Target, Warehouse

FIRST_DAY = "2000-01-01"
MANY = 10_000
PUSH = "lens metabase push brings it there"


@dataclass(frozen=True)
class Checked:
    """How much was looked at; everything was well."""

    dashboards: int
    cards: int
    queries: int


def check(settings: Settings, *, wait: float = 10.0) -> Checked:
    """Looks at every dashboard and runs every card in Metabase; changes nothing.

    Raises MetabaseError naming the dashboard that lacks cards, or the card that fails and why.
    """
    target = Target.from_settings(settings)
    source = Warehouse.from_settings(settings)
    definition = read_definition(currency=settings.currency)
    queries = 0
    shown: set[int] = set()
    with Metabase(target.url, (*target.secrets, source.password)) as api:
        wait_until_up(api, wait)
        if setup_token(api):
            raise MetabaseError(f"{api.url}: this Metabase is not set up; {PUSH}")
        identify(api, target)
        owned = collections.find(api, source.name)
        for dashboard in definition.dashboards:
            number = owned.id_of("dashboard", dashboard.name) if owned else None
            if owned is None or number is None:
                raise MetabaseError(f"{api.url}: no dashboard {dashboard.name}; {PUSH}")
            require_complete(dashboard, api.get(f"/api/dashboard/{number}"))
            values = dict(_values(api, number, dashboard))
            for key in dashboard.card_keys():
                card = definition.cards[key]
                card_number = owned.id_of("card", card.name)
                if card_number is None:
                    raise MetabaseError(f"{api.url}: no card {card.name}; {PUSH}")
                shown.add(card_number)
                queries += _run(api, card_number, card, values)
    return Checked(len(definition.dashboards), len(shown), queries)


def _values(api: Metabase, number: int, dashboard: Dashboard) -> Iterator[tuple[str, Json]]:
    """For each filter that has something to choose: type and a value."""
    for each in dashboard.filters:
        if each.type.startswith("date/"):
            today = dt.datetime.now(dt.UTC).date()
            yield each.id, {"type": each.type, "value": f"{FIRST_DAY}~{today}"}
            continue
        if each.type.startswith("number/"):
            yield each.id, {"type": each.type, "value": [MANY]}
            continue
        listed = api.get(f"/api/dashboard/{number}/params/{each.id}/values")["values"]
        if listed:
            first = listed[0]
            value = first[0] if isinstance(first, list) else first
            yield each.id, {"type": each.type, "value": [value]}


def _run(api: Metabase, number: int, card: Card, values: dict[str, Json]) -> int:
    """Runs the card without a filter and with each; how many queries that were."""
    choices: list[str | None] = [None, *(name for name in card.filters if name in values)]
    for chosen in choices:
        parameters = (
            [
                {
                    "id": tag_id(card.key, chosen),
                    "target": ["dimension", ["template-tag", chosen]],
                    **values[chosen],
                }
            ]
            if chosen
            else []
        )
        answer = api.post(
            f"/api/card/{number}/query", {"ignore_cache": True, "parameters": parameters}
        )
        where = f"card {card.name} (cards/{card.key}.yml)" + (
            f", filter {chosen}" if chosen else ""
        )
        if answer.get("status") != "completed":
            reason = " ".join(str(answer.get("error") or "no reason given").split())
            raise MetabaseError(f"{where}: {reason}; correct its SQL, then lens metabase push")
        columns = [column["name"] for column in answer["data"]["cols"]]
        if columns != list(card.columns):
            raise MetabaseError(
                f"{where}: columns {columns} in Metabase, {list(card.columns)} in the definition;"
                f" {PUSH}"
            )
    return len(choices)
