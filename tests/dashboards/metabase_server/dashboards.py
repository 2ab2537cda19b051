"""Dashboards: the whole set of tabs and dashcards is sent, and compared with what is there."""

from contextlib import closing
from typing import Any

from psycopg2 import sql

from tests.dashboards.metabase_server import databases, queries
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

NEEDED = ("id", "size_x", "size_y", "row", "col")


@route("POST", "/api/dashboard")
def create(state: State, request: Request) -> Json:
    if not request.body.get("name"):
        raise invalid("name", "value must be a non-blank string.")
    if request.body.get("collection_id"):
        one_of(state.collections, request.body["collection_id"])
    number = next(state.dashboard_ids)
    state.dashboards[number] = {
        "id": number,
        "name": request.body["name"],
        "description": request.body.get("description"),
        "collection_id": request.body.get("collection_id"),
        "parameters": request.body.get("parameters") or [],
        "width": "fixed",
        "auto_apply_filters": True,
        "archived": False,
        "tabs": [],
        "dashcards": [],
        "entity_id": entity_id(number, "dashboard"),
    }
    return _shown(state, state.dashboards[number])


@route("GET", "/api/dashboard/{id}")
def read(state: State, _request: Request, number: str) -> Json:
    return _shown(state, one_of(state.dashboards, number))


@route("PUT", "/api/dashboard/{id}")
def update(state: State, request: Request, number: str) -> Json:
    dashboard = one_of(state.dashboards, number)
    body = dict(request.body)
    _check_parameters(body.get("parameters") or [])
    if "dashcards" in body:
        before = {each["id"] for each in dashboard["dashcards"]}
        tabs, new_tabs = _tabs(state, dashboard, body.pop("tabs", []))
        dashcards = body.pop("dashcards")
        _check_dashcards(state, dashcards, before)
        kept_tabs = {tab["id"] for tab in tabs}
        gone = {e["id"] for e in dashboard["dashcards"] if e["dashboard_tab_id"] not in kept_tabs}
        # A tab takes its dashcards with it, before the rest is compared.
        there = before - gone if tabs else before
        dashboard["dashcards"] = [
            _stored(state, dashboard, each, tabs, new_tabs, there) for each in dashcards
        ]
        dashboard["tabs"] = tabs
    dashboard.update(body)
    return _shown(state, dashboard)


@route("GET", "/api/dashboard/{id}/params/{key}/values")
def values(state: State, request: Request, number: str, key: str) -> Json:
    """The values of the column that the filter acts on, limited by other filters' choices."""
    dashboard = one_of(state.dashboards, number)
    if key not in {each["id"] for each in dashboard["parameters"]}:
        raise RefusalError(400, f"Dashboard does not have a parameter with the ID {key!r}.")
    database, field = _column(state, dashboard, key)
    schema, table, column = queries.column_of(state, database, field)
    wheres = [sql.SQL("{} is not null").format(sql.Identifier(column))]
    for other, chosen in request.query.items():
        _, limiting = _column(state, dashboard, other)
        *place, name = queries.column_of(state, database, limiting)
        if place == [schema, table]:  # elsewhere Metabase follows foreign keys; there are none
            wheres.append(sql.SQL("{} = any({})").format(sql.Identifier(name), sql.Literal(chosen)))
    query = sql.SQL("select distinct {0} from {1} where {2} order by {0}").format(
        sql.Identifier(column), sql.Identifier(schema, table), sql.SQL(" and ").join(wheres)
    )
    details = state.databases[database]["details"]
    with closing(databases.opened(details)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        listed = [[value] for (value,) in cursor.fetchall()]
    return {"values": listed, "has_more_values": False}


def _column(state: State, dashboard: Json, key: str) -> tuple[int, int]:
    """Database and field of the first card that listens to the filter."""
    for dashcard in dashboard["dashcards"]:
        for mapping in dashcard["parameter_mappings"]:
            if mapping["parameter_id"] == key:
                query = state.cards[mapping["card_id"]]["dataset_query"]
                tags = {tag["name"]: tag for tag in query["stages"][0]["template-tags"]}
                return query["database"], tags[mapping["target"][1][1]]["dimension"][2]
    raise RefusalError(400, f"no card listens to {key}")


def _check_parameters(parameters: list[Json]) -> None:
    for each in parameters:
        for key in ("id", "name", "slug", "type"):
            if not each.get(key):
                raise invalid("parameters", f"{key}: value must be a non-blank string.")
    ids = [each["id"] for each in parameters]
    if len(set(ids)) != len(ids):
        raise invalid("parameters", "ids must be unique")


def _tabs(state: State, dashboard: Json, sent: list[Json]) -> tuple[list[Json], dict[int, int]]:
    """The tabs as stored, and the ids that new ones (negative) have got."""
    there = {tab["id"] for tab in dashboard["tabs"]}
    new = {each["id"]: next(state.tab_ids) for each in sent if each["id"] not in there}
    tabs = [
        {
            "id": new.get(each["id"], each["id"]),
            "name": each["name"],
            "position": position,
            "dashboard_id": dashboard["id"],
        }
        for position, each in enumerate(sent)
    ]
    return tabs, new


def _check_dashcards(state: State, dashcards: list[Json], before: set[int]) -> None:
    ids = [each.get("id") for each in dashcards]
    if len(set(ids)) != len(ids):
        raise invalid("dashcards", "value must be seq of maps in which ids are unique")
    for each in dashcards:
        if missing := [key for key in NEEDED if not isinstance(each.get(key), int)]:
            raise invalid("dashcards", f"{missing[0]}: missing required key")
        if "card_id" not in each:
            raise RefusalError(500, "a dashcard without card_id makes an empty card")
        is_new = each["id"] not in before and each["card_id"] is not None
        if is_new and one_of(state.cards, each["card_id"])["archived"]:
            raise RefusalError(404, {"message": "The object has been archived."})


def _stored(
    state: State,
    dashboard: Json,
    sent: Json,
    tabs: list[Json],
    new_tabs: dict[int, int],
    there: set[int],
) -> Json:
    tab = sent.get("dashboard_tab_id")
    tab = new_tabs.get(tab, tab) if tab is not None else None
    if len(tabs) == 1 and tab is None:
        tab = tabs[0]["id"]
    if len(tabs) > 1 and tab not in {each["id"] for each in tabs}:
        raise RefusalError(400, "This dashboard has tab, makes sure every card has a tab")
    number = sent["id"] if sent["id"] in there else next(state.dashcard_ids)
    return {
        "parameter_mappings": [],
        "visualization_settings": {},
        "series": [],
        **sent,
        "id": number,
        "dashboard_id": dashboard["id"],
        "dashboard_tab_id": tab,
        "entity_id": entity_id(number, "dashcard"),
    }


def _shown(state: State, dashboard: Json) -> Json:
    """With the cards inside; a dashcard of an archived card is not shown."""

    def card(dashcard: Json) -> Any:
        return state.cards.get(dashcard["card_id"])

    return {
        **dashboard,
        "collection": state.collections.get(dashboard["collection_id"]),
        "dashcards": [
            {**each, "card": card(each)}
            for each in dashboard["dashcards"]
            if not (card(each) or {}).get("archived")
        ],
    }
