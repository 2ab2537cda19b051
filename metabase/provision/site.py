"""Who sees the dashboards, and that they are the first thing seen."""

from typing import Any

from loyalty_lens.errors import MetabaseError
from metabase.provision.client import Json, Metabase
from metabase.provision.collection import Collection
from metabase.provision.report import Report
from metabase.provision.target import DEMO_NAME

ALL_USERS = "1"
ADMINISTRATORS = "2"
HOME_DASHBOARD = "/api/setting/custom-homepage-dashboard"
HOME = "/api/setting/custom-homepage"


def show_first(api: Metabase, dashboard: int, collection: Collection, report: Report) -> None:
    """Makes the dashboard Metabase's home, unless an administrator chose another.

    A dashboard that is gone gives way, and so does the invented shop's to the real one.
    """
    current = api.get(HOME_DASHBOARD)
    if current == dashboard or (current and not _gives_way(api, current, collection)):
        return
    # First that there is a home, then which: cut in two, the next push begins again.
    api.put(HOME, {"value": True})
    api.put(HOME_DASHBOARD, {"value": dashboard})
    report.changed("home page")


def let_viewers_in(api: Metabase, database: int, collection: Collection, report: Report) -> None:
    """A group that reads the collection; All Users lose it, and questions of their own.

    What other groups were given stays. Raises MetabaseError where Metabase does not take it over.
    """
    name = f"{collection.name} viewers"
    listed = api.get("/api/permissions/group")
    group = next((each["id"] for each in listed if each["name"] == name), None)
    if group is None:
        group = api.post("/api/permissions/group", {"name": name})["id"]
        report.created(f"group {name}: put those who may see the dashboards into it")
    where = str(collection.number)
    _agree(
        api,
        "/api/collection/graph",
        {ALL_USERS: {where: "none"}, str(group): {where: "read"}},
        "none",
        f"{name} read the collection, All Users do not",
        report,
    )
    _agree(
        api,
        "/api/permissions/graph",
        {
            each: {str(database): {"view-data": "unrestricted", "create-queries": "no"}}
            for each in (ALL_USERS, str(group))
        },
        {},
        "All Users ask no questions of their own of the warehouse",
        report,
    )


def _agree(
    api: Metabase, path: str, wanted: dict[str, Json], absent: Any, what: str, report: Report
) -> None:
    graph = api.get(path)
    if _holds(graph, wanted, absent):
        return
    groups = {key: dict(each) for key, each in graph["groups"].items() if key != ADMINISTRATORS}
    for group, entries in wanted.items():
        groups.setdefault(group, {}).update(entries)
    api.put(path, {"revision": graph["revision"], "groups": groups})
    if not _holds(api.get(path), wanted, absent):
        raise MetabaseError(
            f"PUT {api.url}{path}: Metabase did not take the permissions over;"
            " set them under Admin > Permissions, then push again"
        )
    report.changed(f"permissions: {what}")


def _holds(graph: Json, wanted: dict[str, Json], absent: Any) -> bool:
    """Newer servers leave out what means no permission."""
    return all(
        _granted(graph["groups"].get(group, {}).get(where, absent)) == _granted(value)
        for group, entries in wanted.items()
        for where, value in entries.items()
    )


def _granted(value: Any) -> Any:
    """Of data permissions the part that the open-source edition knows: who may ask."""
    return value.get("create-queries", "no") if isinstance(value, dict) else value


def _gives_way(api: Metabase, number: int, collection: Collection) -> bool:
    found = api.find(f"/api/dashboard/{number}")
    if found is None or found.get("archived"):
        return True
    is_invented = (found.get("collection") or {}).get("name") == DEMO_NAME
    return is_invented and collection.name != DEMO_NAME
