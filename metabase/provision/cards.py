"""Cards as Metabase's questions: native SQL with field filters, created or changed by name."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metabase.definition import Card, Definition, Filter
from metabase.provision.client import Json, Metabase
from metabase.provision.collection import Collection
from metabase.provision.compare import only, same
from metabase.provision.formats import visualization
from metabase.provision.report import Report
from metabase.provision.warehouse import Fields

# Namespace of the ids of template tags, so that the same tag has the same id in every push.
TAGS = uuid.UUID("5d2c1a43-8f0e-4b8f-9c5e-7a1f2f6f1f10")
COMPARED = ("name", "description", "display", "visualization_settings", "collection_id")


@dataclass(frozen=True)
class Place:
    """Where cards live and what they read."""

    database: int
    collection: Collection
    fields: Fields
    currency: str


def push_cards(
    api: Metabase, definition: Definition, place: Place, report: Report
) -> dict[str, int]:
    """Creates what is absent, changes what differs; the id of each card by its key."""
    filters = {each.id: each for board in definition.dashboards for each in board.filters}
    ids: dict[str, int] = {}
    for key, card in definition.cards.items():
        body = card_body(card, filters, place)
        number = place.collection.id_of("card", card.name)
        if number is None:
            number = int(api.post("/api/card", body)["id"])
            report.created(f"card {card.name}")
        elif not _is_same(body, api.get(f"/api/card/{number}")):
            api.put(f"/api/card/{number}", body)
            report.changed(f"card {card.name}")
        ids[key] = number
    return ids


def card_body(card: Card, filters: Mapping[str, Filter], place: Place) -> Json:
    """What `POST` and `PUT /api/card` take."""
    return {
        "name": card.name,
        "description": card.description,
        "type": "question",
        "display": card.display,
        "collection_id": place.collection.number,
        "dataset_query": {
            "lib/type": "mbql/query",
            "database": place.database,
            "stages": [
                {
                    "lib/type": "mbql.stage/native",
                    "native": card.sql,
                    "template-tags": {
                        name: {
                            "id": tag_id(card.key, name),
                            "name": name,
                            "display-name": filters[name].name,
                            "type": "dimension",
                            "dimension": ["field", {}, place.fields[column]],
                            "widget-type": filters[name].type,
                        }
                        for name, column in card.filters.items()
                    },
                }
            ],
        },
        "visualization_settings": visualization(card, place.currency),
    }


def tag_id(card_key: str, name: str) -> str:
    """The id of a card's template tag."""
    return str(uuid.uuid5(TAGS, f"{card_key}/{name}"))


def _is_same(ours: Json, theirs: Json) -> bool:
    return same(only(COMPARED, ours), only(COMPARED, theirs)) and (
        _query(ours["dataset_query"]) == _query(theirs["dataset_query"])
    )


def _query(query: Json) -> tuple[Any, ...]:
    """Database, SQL and tags, whatever form the server gives them (list or map, ids added)."""
    stages = query.get("stages") or [{}]
    tags = stages[0].get("template-tags") or {}
    listed = tags.values() if isinstance(tags, dict) else tags
    return (
        query.get("database"),
        len(stages),
        str(stages[0].get("native", "")).strip(),
        {
            tag["name"]: (
                tag["id"],
                tag["type"],
                tag.get("display-name"),
                tag.get("widget-type"),
                [part for part in tag.get("dimension", []) if isinstance(part, int)],
                tag.get("alias"),
                tag.get("default"),
                bool(tag.get("required")),
            )
            for tag in listed
        },
    )
