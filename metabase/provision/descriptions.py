"""Descriptions from dbt in Metabase: the comments that dbt leaves on marts and their columns.

Metabase takes a comment over by itself only where it has no description yet, so that a changed one
would never arrive.
"""

from collections.abc import Iterable

from loyalty_lens.warehouse.connection import connected
from metabase.provision.client import Json, Metabase
from metabase.provision.report import Report
from metabase.provision.target import Warehouse

Comments = dict[tuple[str, str | None], str]  # mart and column (None: the mart itself): its comment

COMMENTS = """
select
    relations.relname,
    columns.attname,
    comments.description
from pg_catalog.pg_description as comments
inner join pg_catalog.pg_class as relations
    on comments.objoid = relations.oid and comments.classoid = 'pg_catalog.pg_class'::regclass
left join pg_catalog.pg_attribute as columns
    on relations.oid = columns.attrelid and comments.objsubid = columns.attnum
    and comments.objsubid > 0
where relations.relnamespace = 'marts'::regnamespace
"""


def comments_of(warehouse: Warehouse) -> Comments:
    """What dbt says of every mart and column, from the warehouse."""
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        cursor.execute(COMMENTS)
        return {(table, column): text.strip() for table, column, text in cursor}


def describe(api: Metabase, tables: Iterable[Json], comments: Comments, report: Report) -> None:
    """Brings the descriptions of `tables` (Metabase's metadata) to what the comments say.

    What has no comment keeps the description that somebody gave it in Metabase.
    """
    for table in tables:
        if table["schema"] != "marts":
            continue
        name = table["name"]
        told = _tell(api, f"/api/table/{table['id']}", table, comments.get((name, None)))
        for field in table["fields"]:
            text = comments.get((name, field["name"]))
            told += _tell(api, f"/api/field/{field['id']}", field, text)
        if told:
            report.changed(f"descriptions of marts.{name}: {told}")


def _tell(api: Metabase, path: str, held: Json, text: str | None) -> int:
    """1 where the description had to be sent."""
    if not text or (held.get("description") or "").strip() == text:
        return 0
    api.put(path, {"description": text})
    return 1
