"""Databases: the connection is really tried, the metadata are those of the real server."""

from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from tests.dashboards.metabase_server.routes import route
from tests.dashboards.metabase_server.state import Json, RefusalError, Request, State, one_of

MASKED = "**MetabasePass**"
BASE_TYPES = {
    "integer": "type/Integer",
    "bigint": "type/BigInteger",
    "numeric": "type/Decimal",
    "double precision": "type/Float",
    "boolean": "type/Boolean",
    "date": "type/Date",
    "timestamp with time zone": "type/DateTimeWithLocalTZ",
}


@route("GET", "/api/database")
def listed(state: State, _request: Request) -> Json:
    shown = [_shown(each) for each in state.databases.values()]
    return {"data": shown, "total": len(shown)}


@route("POST", "/api/database")
def create(state: State, request: Request) -> Json:
    number = next(state.database_ids)
    state.databases[number] = {
        "id": number,
        "name": request.body["name"],
        "engine": request.body["engine"],
        "details": _tried(request.body["details"]),
        "is_full_sync": request.body.get("is_full_sync", True),
        "is_on_demand": request.body.get("is_on_demand", False),
        "auto_run_queries": request.body.get("auto_run_queries", True),
        "initial_sync_status": "incomplete",
        "is_sample": False,
    }
    state.tables[number] = []
    state.syncing[number] = state.polls_until_synced
    for group in ("1", "2"):
        state.data_graph.setdefault(group, {})[str(number)] = {
            "view-data": "unrestricted",
            "create-queries": "query-builder-and-native",
        }
    return _shown(state.databases[number])


@route("GET", "/api/database/{id}")
def read(state: State, _request: Request, number: str) -> Json:
    return _shown(one_of(state.databases, number))


@route("PUT", "/api/database/{id}")
def update(state: State, request: Request, number: str) -> Json:
    database = one_of(state.databases, number)
    changed = dict(request.body)
    if "details" in changed:
        details = {**database["details"], **changed["details"]}
        if details.get("password") == MASKED:
            details["password"] = database["details"]["password"]
        changed["details"] = _tried(details)
    database.update(changed)
    return _shown(database)


@route("GET", "/api/database/{id}/healthcheck")
def healthcheck(state: State, _request: Request, number: str) -> Json:
    try:
        _tried(one_of(state.databases, number)["details"])
    except RefusalError as refusal:
        return {"status": "error", **dict(refusal.body)}  # type: ignore[arg-type]
    return {"status": "ok"}


@route("POST", "/api/database/{id}/sync_schema")
def synchronise(state: State, _request: Request, number: str) -> Json:
    one_of(state.databases, number)
    state.syncing[int(number)] = state.polls_until_synced
    return {"status": "ok"}


@route("POST", "/api/database/{id}/rescan_values")
def rescan(state: State, _request: Request, number: str) -> Json:
    one_of(state.databases, number)
    return {"status": "ok"}


@route("GET", "/api/database/{id}/metadata")
def metadata(state: State, _request: Request, number: str) -> Json:
    database = one_of(state.databases, number)
    _go_on_reading(state, database)
    tables = [
        {
            **table,
            "description": state.described.get(table["id"]),
            "fields": [
                {**each, "description": state.described.get(each["id"])}
                | state.fields.get(each["id"], {})
                for each in table["fields"]
            ],
        }
        for table in state.tables[database["id"]]
    ]
    return {"id": database["id"], "name": database["name"], "tables": tables}


@route("PUT", "/api/table/{id}")
def update_table(state: State, request: Request, number: str) -> Json:
    _describe(state, int(number), request.body)
    return {"id": int(number), **request.body}


@route("PUT", "/api/field/{id}")
def update_field(state: State, request: Request, number: str) -> Json:
    _describe(state, int(number), request.body)
    others = {key: value for key, value in request.body.items() if key != "description"}
    if others:
        state.fields.setdefault(int(number), {}).update(others)
    return {"id": int(number), **request.body}


def opened(details: Json) -> Connection:
    """A connection with what is stored; TLS where the server has it. Raises psycopg2.Error."""
    return psycopg2.connect(
        host=details["host"],
        port=details["port"],
        dbname=details["dbname"],
        user=details["user"],
        password=details["password"],
        sslmode="require" if details.get("ssl") else "prefer",
        connect_timeout=5,
        application_name="metabase stand-in",
    )


def _tried(details: Json) -> Json:
    """The details that work: Metabase turns TLS on by itself where the server offers it."""
    try:
        with closing(opened(details)) as connection:
            return {**details, "ssl": bool(connection.info.ssl_in_use)}
    except (psycopg2.Error, KeyError) as error:
        raise RefusalError(
            400, {"message": str(error).strip(), "errors": {"host": "check"}}
        ) from None


def _shown(database: Json) -> Json:
    return {**database, "details": {**database["details"], "password": MASKED}}


def _go_on_reading(state: State, database: Json) -> None:
    """A sync takes a while: what a reader sees changes only when it is through."""
    number = database["id"]
    if number not in state.syncing:
        return
    state.syncing[number] -= 1
    if state.syncing[number] <= 0:
        del state.syncing[number]
        state.tables[number] = _tables(state, database)
        database["initial_sync_status"] = "complete"


def _tables(state: State, database: Json) -> list[Json]:
    """Tables and columns as the connecting user sees them, ids kept for the same names."""
    found: dict[tuple[str, str], Json] = {}
    for schema, table, told, column, kind, position, comment in _columns(database["details"]):
        key = (database["id"], schema, table)
        number = _kept(state, key, state.table_ids)
        entry = found.setdefault(
            (schema, table),
            {
                "id": number,
                "db_id": database["id"],
                "schema": schema,
                "name": table,
                "fields": [],
            },
        )
        field = _kept(state, (*key, column), state.field_ids)
        _take_over(state, number, told)
        _take_over(state, field, comment)
        entry["fields"].append(
            {
                "id": field,
                "table_id": number,
                "name": column,
                "base_type": BASE_TYPES.get(kind, "type/Text"),
                "semantic_type": None,
                "has_field_values": None,
                "position": position,
            }
        )
    return list(found.values())


def _describe(state: State, number: int, body: Json) -> None:
    if number not in state.known.values():
        raise RefusalError(404, "Not found.")
    if "description" in body:
        state.described[number] = body["description"] or ""


def _take_over(state: State, number: int, comment: str | None) -> None:
    """A sync brings a comment only where there is no description yet."""
    if comment and not state.described.get(number):
        state.described[number] = comment


def _kept(state: State, key: tuple[Any, ...], ids: Iterator[int]) -> int:
    if key not in state.known:
        state.known[key] = next(ids)
    return state.known[key]


def _columns(details: Json) -> list[tuple[Any, ...]]:
    patterns = details.get("schema-filters-patterns", "*").split(",")
    everything = details.get("schema-filters-type", "all") == "all"
    with closing(opened(details)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select table_schema, table_name,"
            " obj_description(format('%I.%I', table_schema, table_name)::regclass, 'pg_class'),"
            " column_name, data_type, ordinal_position,"
            " col_description(format('%I.%I', table_schema, table_name)::regclass,"
            " ordinal_position) from information_schema.columns"
            " where table_schema not in ('pg_catalog', 'information_schema')"
            " order by table_schema, table_name, ordinal_position"
        )
        return [
            row
            for row in cursor.fetchall()
            if everything or any(fnmatchcase(row[0], each.strip()) for each in patterns)
        ]
