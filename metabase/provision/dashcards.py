"""The grid of a dashboard as Metabase's dashcards, which keep their ids from push to push."""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metabase.definition import Card, Dashboard, Placed
from metabase.provision.clicks import click_settings
from metabase.provision.client import Json

Key = Callable[[Json], Hashable]


@dataclass(frozen=True)
class Shown:
    """The cards with their ids in Metabase, and the currency that they are shown with."""

    cards: Mapping[str, Card]
    ids: Mapping[str, int]
    currency: str


def tabs_of(dashboard: Dashboard, there: Sequence[Json]) -> list[Json]:
    """The tabs in order, with the id of the tab of that name, else of a tab that lost its name."""
    ids = {tab["name"]: int(tab["id"]) for tab in there}
    names = [tab.name for tab in dashboard.tabs]
    renamed = [number for name, number in ids.items() if name not in names]
    return [
        {"id": ids.get(name) or (renamed.pop(0) if renamed else -place), "name": name}
        for place, name in enumerate(names, start=1)
    ]


def dashcards_of(
    dashboard: Dashboard, number: int, tabs: Sequence[Json], shown: Shown, there: Sequence[Json]
) -> list[Json]:
    """Every item on every tab; one that is `there` keeps its id, a new one has a negative id.

    `number`: the dashboard's own id, to which links between tabs lead.
    """
    numbers = {str(tab["name"]): int(tab["id"]) for tab in tabs}
    wanted = [
        _dashcard(placed, number, int(tab["id"]), numbers, shown)
        for tab, drawn in zip(tabs, dashboard.tabs, strict=True)
        for placed in drawn.placed()
    ]
    found = _matched(wanted, there)
    return [
        {"id": found.get(place, -place - 1), **dashcard} for place, dashcard in enumerate(wanted)
    ]


def _dashcard(placed: Placed, dashboard: int, tab: int, tabs: dict[str, int], shown: Shown) -> Json:
    item = placed.item
    card = shown.cards[item.card] if item.card else None
    number = shown.ids[item.card] if item.card else None
    return {
        "card_id": number,
        "dashboard_tab_id": tab,
        "row": placed.row,
        "col": placed.column,
        "size_x": placed.width,
        "size_y": placed.height,
        "parameter_mappings": [
            {
                "parameter_id": name,
                "card_id": number,
                "target": ["dimension", ["template-tag", name]],
            }
            for name in (card.filters if card else ())
        ],
        "series": [],
        "visualization_settings": click_settings(card, dashboard, tabs, shown.currency)
        if card
        else _virtual(item.heading, item.text),
    }


def _virtual(heading: str | None, text: str | None) -> Json:
    return {
        "virtual_card": {
            "name": None,
            "display": "heading" if heading else "text",
            "visualization_settings": {},
            "dataset_query": {},
            "archived": False,
        },
        "text": heading or text,
        "dashcard.background": False,
    }


def _matched(wanted: Sequence[Json], there: Sequence[Json]) -> dict[int, int]:
    """Place in `wanted`: id of the dashcard it continues; the closest likeness goes first."""
    found: dict[int, int] = {}
    likenesses: tuple[Key, ...] = (
        lambda each: (each["dashboard_tab_id"], each["row"], each["col"], _content(each)),
        lambda each: (each["dashboard_tab_id"], _content(each)),
        _content,
        lambda each: None if each["card_id"] else (each["dashboard_tab_id"], _display(each)),
    )
    for likeness in likenesses:
        free = [each for each in there if int(each["id"]) not in found.values()]
        for place, each in enumerate(wanted):
            key = likeness(each)
            if place in found or key is None:
                continue
            like = next((other for other in free if likeness(other) == key), None)
            if like:
                found[place] = int(like["id"])
                free.remove(like)
    return found


def _content(dashcard: Json) -> Hashable:
    settings: dict[str, Any] = dashcard.get("visualization_settings") or {}
    return (dashcard["card_id"], _display(dashcard), settings.get("text"))


def _display(dashcard: Json) -> str:
    settings: dict[str, Any] = dashcard.get("visualization_settings") or {}
    return json.dumps((settings.get("virtual_card") or {}).get("display"))
