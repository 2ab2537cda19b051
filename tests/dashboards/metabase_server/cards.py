"""Cards: what a body must have, how a query comes back, and running it."""

import copy
import uuid
from typing import Any

from tests.dashboards.metabase_server import queries
from tests.dashboards.metabase_server.routes import route
from tests.dashboards.metabase_server.state import (
    Json,
    RefusalError,
    Request,
    State,
    entity_id,
    invalid,
    one_of,
)

DISPLAYS = {
    *("table", "pivot", "object", "scalar", "smartscalar", "gauge", "progress", "bar", "line"),
    *("area", "row", "combo", "pie", "funnel", "map", "scatter", "waterfall", "sankey", "boxplot"),
}
REQUIRED = ("name", "dataset_query", "display", "visualization_settings")


@route("POST", "/api/card")
def create(state: State, request: Request) -> Json:
    for key in REQUIRED:
        if request.body.get(key) is None:
            raise invalid(key, "missing required key")
    if request.body.get("description") == "":
        raise invalid("description", "nullable value must be a non-blank string.")
    number = next(state.card_ids)
    state.cards[number] = {
        "description": None,
        "type": "question",
        "collection_id": None,
        "parameters": [],
        "parameter_mappings": [],
        **_fitting(state, request.body),
        "id": number,
        "archived": False,
        "entity_id": entity_id(number, "card"),
        "query_type": "native",
        "can_write": True,
    }
    return state.cards[number]


@route("GET", "/api/card/{id}")
def read(state: State, _request: Request, number: str) -> Json:
    return one_of(state.cards, number)


@route("PUT", "/api/card/{id}")
def update(state: State, request: Request, number: str) -> Json:
    card = one_of(state.cards, number)
    card.update(_fitting(state, request.body))
    return card


@route("POST", "/api/card/{id}/query")
def run(state: State, request: Request, number: str) -> Json:
    card = one_of(state.cards, number)
    return queries.run(state, card, request.body.get("parameters") or [])


def _fitting(state: State, body: Json) -> Json:
    if "name" in body and not str(body["name"] or "").strip():
        raise invalid("name", "value must be a non-blank string.")
    if body.get("display") is not None and body["display"] not in DISPLAYS:
        raise invalid("display", "value must be a display that exists")
    if body.get("collection_id"):
        one_of(state.collections, body["collection_id"])
    if "dataset_query" not in body:
        return body
    return {**body, **_query(state, body["dataset_query"])}


def _query(state: State, query: Any) -> Json:
    """As it is stored and comes back: tags as a list, an id in every clause."""
    if not query:
        raise RefusalError(500, 'ERROR: null value in column "database_id" violates not-null')
    if query.get("lib/type") != "mbql/query":
        raise RefusalError(400, "This stand-in takes queries in the current form only (MBQL 5).")
    database = one_of(state.databases, query["database"])
    stored = copy.deepcopy(query)
    for stage in stored["stages"]:
        tags = stage.get("template-tags") or {}
        stage["template-tags"] = [
            _with_ids(tag) for tag in (tags.values() if isinstance(tags, dict) else tags)
        ]
    return {"dataset_query": stored, "database_id": database["id"]}


def _with_ids(tag: Json) -> Json:
    for key in ("id", "name", "type"):
        if not tag.get(key):
            raise invalid("dataset_query", f"template tag without {key}")
    uuid.UUID(tag["id"])
    if tag["type"] != "dimension":
        return tag
    kind, options, field = tag["dimension"]
    return {**tag, "dimension": [kind, {**options, "lib/uuid": str(uuid.uuid4())}, field]}
