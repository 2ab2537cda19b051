"""The keys that Metabase declares for a body; it drops all others without a word, and so do we.

From its public API (the open document a running Metabase serves at /api/docs/openapi.json).
"""

import re
from typing import Any

from tests.dashboards.metabase_server.state import Json

_PARAMETER = (
    "id name slug type sectionId default required filteringParameters isMultiSelect"
    " temporal_units target values_query_type values_source_type values_source_config"
)
_MAPPING = "parameter_id card_id target"
_DATABASE = "name engine details cache_ttl auto_run_queries schedules provider_name"
_CARD = (
    "name type dataset_query parameters parameter_mappings description display"
    " visualization_settings collection_id collection_position result_metadata cache_ttl"
    " dashboard_id dashboard_tab_id"
)
_DASHBOARD = (
    "name description caveats points_of_interest parameters width auto_apply_filters archived"
    " collection_id collection_position position cache_ttl enable_embedding embedding_type"
    " embedding_params show_in_getting_started dashcards tabs"
)
_DASHCARD = (
    "id size_x size_y row col card_id action_id dashboard_tab_id parameter_mappings"
    " visualization_settings inline_parameters series"
)
# Method and path: keys of the body; "dashcards[]" and the like: of the maps in a list.
_DECLARED: list[tuple[str, str, dict[str, str]]] = [
    ("POST", "/api/setup", {"": "token user prefs database"}),
    ("POST", "/api/session", {"": "username password"}),
    ("POST", "/api/api-key", {"": "name group_id"}),
    ("POST", "/api/database", {"": f"{_DATABASE} is_full_sync is_on_demand connection_source"}),
    ("PUT", r"/api/database/\d+", {"": f"{_DATABASE} description caveats settings refingerprint"}),
    ("POST", r"/api/database/\d+/\w+", {"": ""}),
    (
        "PUT",
        r"/api/field/\d+",
        {
            "": "semantic_type has_field_values description display_name visibility_type caveats"
            " coercion_strategy fk_target_field_id json_unfolding nfc_path points_of_interest"
            " settings"
        },
    ),
    (
        "PUT",
        r"/api/table/\d+",
        {
            "": "display_name entity_type visibility_type description caveats points_of_interest"
            " show_in_getting_started field_order data_authority data_source data_layer owner_email"
            " owner_user_id"
        },
    ),
    ("POST", "/api/collection", {"": "name description parent_id authority_level namespace"}),
    (
        "POST",
        "/api/card",
        {"": f"{_CARD} entity_id size source_card_id", "parameters[]": _PARAMETER},
    ),
    (
        "PUT",
        r"/api/card/\d+",
        {
            "": f"{_CARD} archived enable_embedding embedding_type embedding_params"
            " collection_preview",
            "parameters[]": _PARAMETER,
        },
    ),
    (
        "POST",
        r"/api/card/\d+/query",
        {"": "parameters ignore_cache dashboard_id collection_preview"},
    ),
    (
        "POST",
        "/api/dashboard",
        {"": "name description parameters cache_ttl collection_id collection_position"},
    ),
    (
        "PUT",
        r"/api/dashboard/\d+",
        {
            "": _DASHBOARD,
            "parameters[]": _PARAMETER,
            "tabs[]": "id name position",
            "dashcards[]": _DASHCARD,
            "dashcards[].parameter_mappings[]": _MAPPING,
            "dashcards[].series[]": "id",
        },
    ),
    ("POST", "/api/permissions/group", {"": "name is_tenant_group"}),
    ("PUT", r"/api/(permissions|collection)/graph", {"": "revision groups namespace"}),
    ("PUT", r"/api/setting/[\w-]+", {"": "value"}),
]


def declared_part(method: str, path: str, body: Json) -> tuple[Json, list[str]]:
    """The body without undeclared keys, and those keys with their place."""
    for known, pattern, keys in _DECLARED:
        if known == method and re.fullmatch(pattern, path):
            dropped: list[str] = []
            return _kept(body, "", keys, dropped), dropped
    return body, [] if not body else [f"a body for {method} {path}"]


def _kept(value: Any, place: str, keys: dict[str, str], dropped: list[str]) -> Any:
    if isinstance(value, list):
        return [_kept(each, f"{place}[]", keys, dropped) for each in value]
    if not isinstance(value, dict) or place not in keys:
        return value
    allowed = keys[place].split()
    dropped.extend(f"{place}.{key}".lstrip(".") for key in value if key not in allowed)
    return {
        key: _kept(each, f"{place}.{key}".lstrip("."), keys, dropped)
        for key, each in value.items()
        if key in allowed
    }
