"""Template tags turned into SQL as Metabase does it, and the SQL run with the stored connection."""

import datetime as dt
import re
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2
from psycopg2 import sql

from tests.dashboards.metabase_server import databases
from tests.dashboards.metabase_server.state import Json, RefusalError, State

TAG = re.compile(r"\{\{\s*([^}\s]+)\s*\}\}")
BLOCK = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
RELATIVE = re.compile(r"past(\d+)(day|week|month|year)s(~?)")
DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}


class UnanswerableError(Exception):
    """The query fails at run time, as a failing SQL does."""


def run(state: State, card: Json, parameters: list[Json]) -> Json:
    """The answer of a query, `completed` or `failed`; Metabase sends both with 202."""
    stage = card["dataset_query"]["stages"][0]
    database = state.databases[card["dataset_query"]["database"]]
    tags = {tag["name"]: tag for tag in stage["template-tags"]}
    try:
        values = _values(tags, parameters, card["id"])
        with closing(databases.opened(database["details"])) as connection:
            conditions = {
                name: _condition(state, database["id"], tags[name], value).as_string(connection)
                for name, value in values.items()
            }
            with connection.cursor() as cursor:
                cursor.execute(_expanded(stage["native"], tags, conditions))
                rows = [[_plain(value) for value in row] for row in cursor.fetchall()]
                cols = [
                    {"name": each.name, "display_name": each.name, "base_type": "type/*"}
                    for each in cursor.description or ()
                ]
    except (psycopg2.Error, UnanswerableError) as error:
        empty: Json = {"rows": [], "cols": []}
        return {"status": "failed", "error": f"ERROR: {error}", "row_count": 0, "data": empty}
    return {"status": "completed", "row_count": len(rows), "data": {"rows": rows, "cols": cols}}


def column_of(state: State, database: int, field: int) -> tuple[str, str, str]:
    """Schema, table and column of a field that is there; UnanswerableError otherwise."""
    for table in state.tables[database]:
        for each in table["fields"]:
            if each["id"] == field:
                return table["schema"], table["name"], each["name"]
    raise UnanswerableError(f"Field {field} does not exist, or belongs to a different Database.")


def _values(tags: dict[str, Json], parameters: list[Json], card: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for parameter in parameters:
        kind, (_, name) = parameter["target"][:2]
        if name not in tags:
            message = f"Invalid parameter: Card {card} does not have a template tag named {name}."
            raise RefusalError(400, message)
        if kind != "dimension" or parameter["type"] != tags[name]["widget-type"]:
            raise RefusalError(400, f"Invalid parameter type {parameter['type']} for {name}.")
        if parameter.get("value") not in (None, "", []):
            values[name] = parameter["value"]
    return values


def _expanded(text: str, tags: dict[str, Json], conditions: dict[str, str]) -> str:
    def block(found: re.Match[str]) -> str:
        return found[1] if all(name in conditions for name in TAG.findall(found[1])) else ""

    def tag(found: re.Match[str]) -> str:
        if found[1] not in tags:
            raise UnanswerableError(
                f"Cannot run the query: missing required parameters: {found[1]}"
            )
        return conditions.get(found[1], "1 = 1")

    return TAG.sub(tag, BLOCK.sub(block, text))


def _condition(state: State, database: int, tag: Json, value: Any) -> sql.Composable:
    column = sql.Identifier(*column_of(state, database, tag["dimension"][2]))
    if tag["widget-type"] == "string/=":
        chosen = value if isinstance(value, list) else [value]
        listed = sql.SQL(", ").join(sql.Literal(each) for each in chosen)
        return sql.SQL("{} IN ({})").format(column, listed)
    if tag["widget-type"] == "number/<=":
        (limit,) = value if isinstance(value, list) else [value]
        return sql.SQL("{} <= {}").format(column, sql.Literal(limit))
    if tag["widget-type"] == "date/all-options":
        first, last = _days(str(value))
        parts = [
            sql.SQL(f"{{}} {operator} {{}}").format(column, sql.Literal(day))
            for operator, day in ((">=", first), ("<=", last))
            if day
        ]
        return sql.SQL("({})").format(sql.SQL(" AND ").join(parts))
    raise UnanswerableError(f"no such widget: {tag['widget-type']}")


def _days(value: str) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day, both included."""
    today = dt.datetime.now(dt.UTC).date()
    if relative := RELATIVE.fullmatch(value):
        first = today - dt.timedelta(days=int(relative[1]) * DAYS[relative[2]])
        return first, today if relative[3] else today - dt.timedelta(days=1)
    if value == "thisyear":
        return today.replace(month=1, day=1), today.replace(month=12, day=31)
    first_text, is_range, last_text = value.partition("~")
    try:
        days = [dt.date.fromisoformat(each) if each else None for each in (first_text, last_text)]
    except ValueError:
        raise UnanswerableError(f"don't know how to parse date string {value!r}") from None
    return (days[0], days[1]) if is_range else (days[0], days[0])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float | str | None) else str(value)
