"""Collections and what lies in them."""

from tests.dashboards.metabase_server.routes import route
from tests.dashboards.metabase_server.state import (
    Json,
    Request,
    State,
    entity_id,
    invalid,
    one_of,
)

ROOT: Json = {"id": "root", "name": "Our analytics", "can_write": True, "is_personal": False}


@route("GET", "/api/collection")
def listed(state: State, _request: Request) -> list[Json]:
    return [ROOT, *(each for each in state.collections.values() if not each["archived"])]


@route("POST", "/api/collection")
def create(state: State, request: Request) -> Json:
    if not request.body.get("name"):
        raise invalid("name", "value must be a non-blank string.")
    if request.body.get("description") == "":
        raise invalid("description", "nullable value must be a non-blank string.")
    number = next(state.collection_ids)
    parent = request.body.get("parent_id")
    state.collections[number] = {
        "id": number,
        "name": request.body["name"],
        "description": request.body.get("description"),
        "archived": False,
        "location": f"/{parent}/" if parent else "/",
        "personal_owner_id": None,
        "is_personal": False,
        "slug": request.body["name"].lower().replace(" ", "_"),
        "entity_id": entity_id(number, "collection"),
        "can_write": True,
    }
    for permissions in state.collection_graph.values():  # as those of the parent
        above = permissions.get(str(parent or "root"))
        if above:
            permissions[str(number)] = above
    return state.collections[number]


@route("GET", "/api/collection/{id}/items")
def items(state: State, request: Request, number: str) -> Json:
    collection = one_of(state.collections, number)
    models = request.query.get("models", ["card", "dashboard"])
    found = [
        {
            "id": each["id"],
            "name": each["name"],
            "description": each["description"],
            "model": model,
            "collection_id": collection["id"],
            "entity_id": each["entity_id"],
            "archived": False,
        }
        for model, things in (("card", state.cards), ("dashboard", state.dashboards))
        for each in sorted(things.values(), key=lambda thing: str(thing["name"]))
        if model in models and each["collection_id"] == collection["id"] and not each["archived"]
    ]
    return {"data": found, "total": len(found), "models": models, "limit": None, "offset": None}
