"""Groups, and the two graphs of permissions with their revisions."""

import copy

from tests.dashboards.metabase_server.routes import route
from tests.dashboards.metabase_server.state import Json, RefusalError, Request, State, invalid

ADMINISTRATORS = "2"


@route("GET", "/api/permissions/group")
def groups(state: State, _request: Request) -> list[Json]:
    return [{"id": n, "name": name, "member_count": 1} for n, name in state.groups.items()]


@route("POST", "/api/permissions/group")
def create_group(state: State, request: Request) -> Json:
    if request.body["name"] in state.groups.values():
        raise invalid("name", "A group with that name already exists.")
    number = next(state.group_ids)
    state.groups[number] = request.body["name"]
    return {"id": number, "name": request.body["name"], "members": []}


@route("GET", "/api/permissions/graph")
def data_graph(state: State, _request: Request) -> Json:
    return {"revision": state.data_revision, "groups": copy.deepcopy(state.data_graph)}


@route("PUT", "/api/permissions/graph")
def change_data_graph(state: State, request: Request) -> Json:
    _check(state, request.body, state.data_revision)
    for group, databases in request.body["groups"].items():
        for database, granted in databases.items():
            if granted.get("view-data") != "unrestricted":
                raise RefusalError(402, "Advanced permissions is a paid feature.")
            state.data_graph.setdefault(group, {})[database] = granted
    state.data_revision += 1
    return {"revision": state.data_revision, "groups": copy.deepcopy(state.data_graph)}


@route("GET", "/api/collection/graph")
def collection_graph(state: State, _request: Request) -> Json:
    """`none` is not told, and the administrators may do everything."""
    shown = {
        str(group): {
            where: granted
            for where, granted in state.collection_graph.get(str(group), {}).items()
            if granted != "none"
        }
        for group in state.groups
    }
    everywhere = ["root", *map(str, state.collections)]
    shown[ADMINISTRATORS] = dict.fromkeys(everywhere, "write")
    return {"revision": state.collection_revision, "groups": shown}


@route("PUT", "/api/collection/graph")
def change_collection_graph(state: State, request: Request) -> Json:
    _check(state, request.body, state.collection_revision)
    for group, places in request.body["groups"].items():
        for where, granted in places.items():
            if granted not in ("read", "write", "none"):
                raise invalid("groups", f"{granted}: read, write or none")
            state.collection_graph.setdefault(group, {})[where] = granted
    state.collection_revision += 1
    return {"revision": state.collection_revision, "groups": {}}  # as with skip_graph


def _check(state: State, body: Json, revision: int) -> None:
    if body.get("revision") != revision:
        raise RefusalError(
            409, "Looks like someone else edited the permissions and your data is stale."
        )
    if ADMINISTRATORS in body["groups"]:
        raise RefusalError(400, "You cannot change permissions of the Administrators.")
    if unknown := set(body["groups"]) - {str(group) for group in state.groups}:
        raise RefusalError(400, f"no such groups: {sorted(unknown)}")
