"""Whether the staging layer stands as the project would build it, so that a run can leave it alone.

Its views and seeds change with the project, not with the data, but building them anew takes seconds
in every run. They stand where the files that make them, the settings that dbt reads, and what is in
the database (definitions, descriptions, the rows of seeds) are what they were when last built.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.transform.environment import PROJECT

LAYER = "staging"
SOURCES = ("dbt_project.yml", "macros", "models/staging", "seeds")
# How dbt connects; it says nothing about what is built.
CONNECTION = ("LENS_PG_", "LENS_DBT_THREADS")


def fingerprint(cursor: Cursor, environment: Mapping[str, str], project: Path = PROJECT) -> str:
    """One text for project, settings and database, equal where all of them are.

    `environment` is that of the dbt process.
    """
    digest = hashlib.sha256()
    for path in _files(project):
        digest.update(f"\0{path.relative_to(project)}\0".encode())
        digest.update(path.read_bytes())
    settings = {
        name: value
        for name, value in environment.items()
        if name.startswith("LENS_") and not name.startswith(CONNECTION)
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    seeds = [path.stem for path in _files(project) if path.suffix == ".csv"]
    digest.update(json.dumps(_views(cursor)).encode())
    digest.update(json.dumps(_seeds(cursor, seeds)).encode())
    return digest.hexdigest()


def standing(cursor: Cursor, found: str | None, layer: str = LAYER) -> list[dict[str, Any]] | None:
    """The nodes of the layer as last built, marked `unchanged`; None where it must be built."""
    cursor.execute(
        "select nodes from ops.standing_layers where layer = %s and fingerprint = %s",
        (layer, found),
    )
    row = cursor.fetchone()
    return [{**node, "status": "unchanged"} for node in row[0]] if row else None


def remember(cursor: Cursor, found: str, nodes: list[dict[str, Any]], layer: str = LAYER) -> None:
    """Notes what was just built, for the next run."""
    cursor.execute(
        "insert into ops.standing_layers (layer, fingerprint, nodes) values (%s, %s, %s)"
        " on conflict (layer) do update set fingerprint = excluded.fingerprint,"
        " nodes = excluded.nodes, built_at = clock_timestamp()",
        (
            layer,
            found,
            json.dumps([{k: node[k] for k in ("unique_id", "resource_type")} for node in nodes]),
        ),
    )


def _files(project: Path) -> list[Path]:
    roots = [project / source for source in SOURCES]
    return sorted(
        path
        for root in roots
        for path in (root.rglob("*") if root.is_dir() else [root])
        if path.is_file()
    )


def _views(cursor: Cursor) -> list[Any]:
    """Every relation of the schema: its identity, what it says, and how it is described."""
    cursor.execute(
        "select relation.relname, relation.oid::bigint, pg_get_viewdef(relation.oid),"
        " (select jsonb_agg(jsonb_build_array(objsubid, description) order by objsubid)"
        " from pg_description where objoid = relation.oid)"
        " from pg_class as relation where relation.relnamespace = to_regnamespace(%s)"
        " and relation.relkind = 'v' order by relation.relname",
        (LAYER,),
    )
    return cursor.fetchall()


def _seeds(cursor: Cursor, names: list[str]) -> list[Any]:
    """Every seed's identity, description and rows."""
    cursor.execute(
        "select relname, oid::bigint, obj_description(oid) from pg_class"
        " where relnamespace = to_regnamespace('clean') and relname = any(%s) order by relname",
        (names,),
    )
    found: list[Any] = cursor.fetchall()
    for name, *_ in list(found):
        cursor.execute(
            sql.SQL(
                "select md5(string_agg(seed::text, chr(10) order by seed::text)) from clean.{}"
                " as seed"
            ).format(sql.Identifier(name))
        )
        found += cursor.fetchall()
    return found
