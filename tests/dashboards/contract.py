"""Metabase's own description of its API, where it lies beside the repository: nothing is copied."""

import json
import re
from functools import cache
from typing import Any

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.dashboards.pushing import SHARED

# Body of: the file whose `inputSchema` describes it.
PRINTED = {
    ("POST", "/api/setup"): "mb-setup",
    ("POST", "/api/card"): "mb-card-create",
    ("PUT", "/api/card/{id}"): "mb-card-update",
    ("POST", "/api/dashboard"): "mb-dashboard-create",
    ("PUT", "/api/dashboard/{id}"): "mb-dashboard-update",
    ("POST", "/api/collection"): "mb-collection-create",
    ("PUT", "/api/field/{id}"): "mb-field-update",
    ("PUT", "/api/table/{id}"): "mb-table-update",
    ("PUT", "/api/setting/{key}"): "mb-setting-set",
}


@cache
def document(name: str) -> Any:
    """A JSON file of the shared folder."""
    return json.loads((SHARED / name).read_text("utf-8"))


def template(method: str, path: str) -> str | None:
    """`/api/card/{id}` for `/api/card/7`, as the open document names it."""
    for known, operations in document("openapi.json")["paths"].items():
        pattern = re.sub(r"\{[\w-]+\}", "[^/]+", known)
        if method.lower() in operations and re.fullmatch(pattern, path):
            return str(known)
    return None


def problems(method: str, path: str, body: Any) -> list[str]:
    """Everything that any of the descriptions says against a request."""
    known = template(method, path)
    if known is None:
        return [] if path == "/api/health" else [f"{method} {path}: not in the open document"]
    if method == "GET":
        return []
    checks = [("openapi", _open_schema(method, known), body)]
    strict = document("schemas/strict-bodies.schema.json")
    if of_body := strict["$defs"].get(f"{method} {known}"):
        checks.append(("strict", {**strict, **of_body}, body))
    if printed := PRINTED.get((method, known)):
        value = body["value"] if "setting" in known else body
        checks.append((printed, document(f"schemas/{printed}.json")["inputSchema"], value))
    if isinstance(body, dict) and "dataset_query" in body:
        checks.append(("query", _query_schema(), body["dataset_query"]))
    return [
        f"{method} {path} ({name}): {error.json_path}: {error.message[:200]}"
        for name, schema, value in checks
        for error in jsonschema.Draft202012Validator(
            schema, registry=_registry(), format_checker=jsonschema.FormatChecker()
        ).iter_errors(value)
    ]


@cache
def _open_schema(method: str, known: str) -> Any:
    whole = document("openapi.json")
    operation = whole["paths"][known][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return {**_relaxed(schema), "components": _relaxed(whole["components"])}


def _relaxed(schema: Any) -> Any:
    """Two slips of the generator: a default is no duty, and branches of oneOf overlap."""
    if isinstance(schema, list):
        return [_relaxed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    relaxed = {"anyOf" if key == "oneOf" else key: _relaxed(value) for key, value in schema.items()}
    properties = relaxed.get("properties")
    if isinstance(properties, dict) and isinstance(relaxed.get("required"), list):
        relaxed["required"] = [
            key for key in relaxed["required"] if "default" not in properties.get(key, {})
        ]
    return relaxed


def _query_schema() -> Any:
    return document("schemas/mbql5-query.schema.json")["schema"]


@cache
def _registry() -> Registry[Any]:
    printed = document("schemas/mbql5-query.schema.json")
    named = {"query.yaml": printed["schema"], **printed["defs"]}
    resources = [
        (name, Resource.from_contents(schema, default_specification=DRAFT202012))
        for name, schema in named.items()
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    return registry
