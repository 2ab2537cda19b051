"""Dashboards: tabs, filters and the grid, sent whole and only where something differs."""

from collections import Counter
from typing import Any

from loyalty_lens.errors import MetabaseError
from metabase.definition import Dashboard, Definition, Filter
from metabase.provision.client import Json, Metabase
from metabase.provision.collection import Collection
from metabase.provision.compare import only, same
from metabase.provision.dashcards import Shown, dashcards_of, tabs_of
from metabase.provision.report import Report

PARAMETER = ("id", "name", "slug", "type", "sectionId", "default", "required")
COMPARED = ("name", "description", "width", "auto_apply_filters")
DASHCARD = ("id", "card_id", "dashboard_tab_id", "row", "col", "size_x", "size_y", "series")


def push_dashboards(
    api: Metabase,
    definition: Definition,
    collection: Collection,
    shown: Shown,
    report: Report,
) -> dict[str, int]:
    """Creates what is absent, changes what differs; the id of each dashboard by its key.

    Where a tab is new, a second request brings the links to it: until then it has no id.

    Raises MetabaseError where a dashboard, read back, does not hold what was sent.
    """
    ids: dict[str, int] = {}
    for dashboard in definition.dashboards:
        number = collection.id_of("dashboard", dashboard.name)
        is_new = number is None
        if number is None:
            made = api.post(
                "/api/dashboard",
                {
                    "name": dashboard.name,
                    "description": dashboard.description,
                    "collection_id": collection.number,
                },
            )
            number = int(made["id"])
            report.created(f"dashboard {dashboard.name}")
        there = api.get(f"/api/dashboard/{number}")
        is_changed = False
        for _ in ("all of it", "links to tabs that were new"):
            body = dashboard_body(dashboard, number, shown, there)
            if not _is_same(body, there):
                api.put(f"/api/dashboard/{number}", body)
                is_changed = True
                there = api.get(f"/api/dashboard/{number}")
        if is_changed and not is_new:
            report.changed(f"dashboard {dashboard.name}")
        require_complete(dashboard, there)
        ids[dashboard.key] = number
    return ids


def dashboard_body(dashboard: Dashboard, number: int, shown: Shown, there: Json) -> Json:
    """What `PUT /api/dashboard` takes; ids of tabs and dashcards are those of `there`."""
    tabs = tabs_of(dashboard, there.get("tabs") or [])
    dashcards = there.get("dashcards") or []
    return {
        "name": dashboard.name,
        "description": dashboard.description,
        "width": "full",
        "auto_apply_filters": True,
        "parameters": [_parameter(each) for each in dashboard.filters],
        "tabs": tabs,
        "dashcards": dashcards_of(dashboard, number, tabs, shown, dashcards),
    }


def require_complete(dashboard: Dashboard, there: Json) -> None:
    """Raises MetabaseError unless every tab shows as many cards as it should."""
    names = {tab["id"]: tab["name"] for tab in there.get("tabs") or []}
    shown = Counter(
        names.get(each["dashboard_tab_id"], "no tab")
        for each in there["dashcards"]
        if each["card_id"]
    )
    wanted = {tab.name: len(tab.card_keys()) for tab in dashboard.tabs}
    for name in [*wanted, *(set(shown) - set(wanted))]:
        if shown[name] != wanted.get(name, 0):
            raise MetabaseError(
                f"dashboard {dashboard.name}, tab {name}: {shown[name]} cards in Metabase,"
                f" {wanted.get(name, 0)} in the definition; push again, and see Metabase's log"
                " if that does not help"
            )


def _parameter(each: Filter) -> Json:
    section, _, _ = each.type.partition("/")
    parameter: Json = {
        "id": each.id,
        "name": each.name,
        "slug": each.id,
        "type": each.type,
        "sectionId": section,
    }
    if section == "string":
        parameter["values_query_type"] = each.values  # of the column, as it is now
    if each.limited_by:
        parameter["filteringParameters"] = list(each.limited_by)
    return parameter


def _is_same(ours: Json, theirs: Json) -> bool:
    return same(only(COMPARED, ours), only(COMPARED, theirs)) and same(_rest(ours), _rest(theirs))


def _rest(dashboard: Json) -> dict[str, Any]:
    """Filters, tabs and grid in one form, whatever the server adds or reorders."""
    parameters = dashboard.get("parameters") or []
    keys = (*PARAMETER, "filteringParameters", "values_query_type", "values_source_type")
    return {
        "parameters": [only(keys, each) for each in parameters],
        "tabs": [only(("id", "name"), each) for each in dashboard.get("tabs") or []],
        "dashcards": {
            each["id"]: {
                **only((*DASHCARD, "visualization_settings"), each),
                "mappings": {
                    mapping["parameter_id"]: (mapping.get("card_id"), mapping["target"][:2])
                    for mapping in each.get("parameter_mappings") or []
                },
            }
            for each in dashboard.get("dashcards") or []
        },
    }
