"""The warehouse in Metabase: connected as lens_bi, its marts known, its filters ready to list."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from loyalty_lens.errors import LensError, MetabaseError
from loyalty_lens.warehouse.connection import connected
from metabase.definition import Definition
from metabase.provision.client import Json, Metabase
from metabase.provision.compare import only, same
from metabase.provision.descriptions import Comments, describe
from metabase.provision.report import Report
from metabase.provision.target import Warehouse

ENGINE = "postgres"
SYNC_SECONDS = 300.0
# After the daily run of 05:00; Metabase does the rest of the day by itself.
SCHEDULES = {
    "metadata_sync": {"schedule_type": "daily", "schedule_hour": 6, "schedule_minute": 15},
    "cache_field_values": {"schedule_type": "daily", "schedule_hour": 6, "schedule_minute": 30},
}
# What makes a filter offer a list of the column's values, or search among them.
LISTED = {
    "list": {"semantic_type": "type/Category", "has_field_values": "list"},
    "search": {"has_field_values": "search"},
}

Fields = dict[str, int]  # marts.table.column: id of the field


class NothingBuiltError(LensError):
    """The marts that the cards read are not there yet."""


@dataclass(frozen=True)
class Needed:
    """What cards read: marts, and the columns that filters act on."""

    tables: frozenset[str]  # sales_daily
    columns: frozenset[str]  # marts.sales_daily.business_date
    listed: dict[str, str]  # those of filters that offer values: as a list, or to search in

    @classmethod
    def by(cls, definition: Definition) -> "Needed":
        """Everything that the cards of `definition` name."""
        kinds = {each.id: each for board in definition.dashboards for each in board.filters}
        acted_on = [
            (column, kinds[name])
            for card in definition.cards.values()
            for name, column in card.filters.items()
        ]
        tables = {table for card in definition.cards.values() for table in card.marts}
        return cls(
            tables=frozenset(tables | {column.split(".")[1] for column, _ in acted_on}),
            columns=frozenset(column for column, _ in acted_on),
            listed={
                column: kind.values for column, kind in acted_on if kind.type.startswith("string/")
            },
        )


def require_marts(warehouse: Warehouse, needed: Needed) -> None:
    """Raises NothingBuiltError where lens_bi does not see a mart or a column that cards need."""
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'marts'"
        )
        there = cursor.fetchall()
    columns = {f"marts.{table}.{column}" for table, column in there}
    missing = {f"marts.{name}" for name in needed.tables - {table for table, _ in there}}
    if absent := sorted(missing | (needed.columns - columns)):
        raise NothingBuiltError(
            f"the warehouse has no {absent[0]} for lens_bi"
            f"{f' (and {len(absent) - 1} more)' if len(absent) > 1 else ''}:"
            " build first (lens run, or lens build), then lens metabase push"
        )


def connect(api: Metabase, warehouse: Warehouse, report: Report) -> int:
    """The id of the warehouse's database in Metabase, made or corrected where need be.

    Metabase never gives a password back, so that a changed one is found by asking Metabase whether
    its connection still works. Raises MetabaseError where Metabase cannot connect.
    """
    remedy = (
        f"Metabase must reach the warehouse at {warehouse.host}:{warehouse.port}:"
        " LENS_METABASE_WAREHOUSE gives its address as Metabase sees it (host:port)"
    )
    body = {"name": warehouse.name, "engine": ENGINE, "details": _details(warehouse)}
    found = find(api, warehouse.name)
    if found is None:
        made = api.post(
            "/api/database",
            {
                **body,
                "is_full_sync": True,
                "is_on_demand": False,
                "connection_source": "admin",
                "auto_run_queries": True,
                "schedules": SCHEDULES,
            },
            remedy=remedy,
        )
        report.created(f"database {warehouse.name}")
        return int(made["id"])
    number = int(found["id"])
    wanted = {key: value for key, value in _details(warehouse).items() if key != "password"}
    if not warehouse.needs_tls:
        del wanted["ssl"]  # Metabase turns it on by itself where the server offers it
    is_same = same(wanted, only(tuple(wanted), found.get("details") or {}))
    if not is_same or api.get(f"/api/database/{number}/healthcheck").get("status") != "ok":
        api.put(f"/api/database/{number}", body, remedy=remedy)
        report.changed(f"database {warehouse.name}")
    return number


def find(api: Metabase, name: str) -> Json | None:
    """The database of that name, as Metabase lists it."""
    answer = api.get("/api/database")
    listed: list[Json] = answer["data"] if isinstance(answer, dict) else answer
    named = [each for each in listed if each["name"] == name and each["engine"] == ENGINE]
    return min(named, key=lambda each: int(each["id"]), default=None)


def synchronised(
    api: Metabase, number: int, needed: Needed, comments: Comments, report: Report
) -> Fields:
    """Lets Metabase read the marts anew; the ids of the columns that filters act on.

    Descriptions follow the comments. Raises MetabaseError where a column is still unknown after
    five minutes.
    """
    api.post(f"/api/database/{number}/sync_schema")
    tables = _wait_for(api, number, needed.columns)
    describe(api, tables, comments, report)
    known = _fields(tables)
    for column, values in sorted(needed.listed.items()):
        field, wanted = known[column], LISTED[values]
        if not same(wanted, only(tuple(wanted), field)):
            api.put(f"/api/field/{field['id']}", wanted)
            report.changed(f"column {column}: a {values} in filters")
    api.post(f"/api/database/{number}/rescan_values")
    return {column: int(known[column]["id"]) for column in needed.columns}


def _details(warehouse: Warehouse) -> dict[str, Any]:
    return {
        "host": warehouse.host,
        "port": warehouse.port,
        "dbname": warehouse.database,
        "user": warehouse.user,
        "password": warehouse.password,
        "ssl": warehouse.needs_tls,
        "schema-filters-type": "inclusion",
        "schema-filters-patterns": "marts",
        "tunnel-enabled": False,
        "advanced-options": False,
    }


def _wait_for(api: Metabase, number: int, columns: Iterable[str]) -> list[Json]:
    """The tables that Metabase knows, as soon as `columns` are among theirs."""
    end = time.monotonic() + SYNC_SECONDS
    pause = 0.1
    while True:
        is_read = api.get(f"/api/database/{number}").get("initial_sync_status") != "incomplete"
        tables: list[Json] = api.get(f"/api/database/{number}/metadata")["tables"]
        missing = sorted(set(columns) - set(_fields(tables)))
        if is_read and not missing:
            return tables
        if time.monotonic() + pause > end:
            raise MetabaseError(
                f"{api.url}: Metabase has not read {missing[0] if missing else 'all marts'} after"
                f" {SYNC_SECONDS:.0f} s; see Admin > Databases there, then push again"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 3.0)


def _fields(tables: list[Json]) -> dict[str, Json]:
    return {
        f"{table['schema']}.{table['name']}.{field['name']}": field
        for table in tables
        for field in table["fields"]
    }
