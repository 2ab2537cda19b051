"""Whether clean and marts stand as a build has left them, so that a run need not begin one.

A build that ends in the state in which it began has changed nothing, and another one in that state
would change nothing, nor would its tests say otherwise (docs/decisions/0047). The state is all that
models read, all that they made, and how they are made.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.transform.environment import PROJECT
from loyalty_lens.transform.standing import CONNECTION
from loyalty_lens.warehouse.rows import WRITTEN

LAYERS = ("clean", "marts")
SOURCES = ("dbt_project.yml", "macros", "models", "seeds", "tests")
# Read by models. Of ops.pipeline_runs only views tell, which say what is there when they are asked.
READ = (
    *("ops.load_batches", "ops.duplicates", "ops.validation_results", "reject.malformed_lines"),
    "ops.campaign_members",
    *("ops.closed_months", "ops.closed_month_figures"),
    *("ops.customer_scores", "ops.model_fits", "ops.model_metrics", "ops.sales_forecasts"),
    *("ops.notifications", "ops.notification_events"),
)
# What models read of lists, but for who wrote the same one again; what builds note for each other.
SAID = {
    "ops.campaign_exports": ("exported_at", "run_id", "file"),
    "ops.relation_versions": (),
    "ops.row_changes": (),
    "ops.batch_builds": (),
}
CONTENT = """
(
    select
        count(*) || '.' || coalesce(
            sum(hashtextextended(cast(to_jsonb(rows) - cast({} as text[]) as text), 0)), 0
        )
    from {} as rows
)
"""
# Which file each table is, who wrote how much to it, what each view says, and who may read them.
RELATIONS = """
(
    select md5(string_agg(
        concat_ws(
            ' ', cast(cast(relations.oid as regclass) as text), relations.relacl,
            relations.relkind,
            -- An empty table is the same, whichever file it is: of a data set that never came.
            case
                when relations.relkind = 'r' and pg_relation_size(relations.oid) > 0
                    then concat_ws(
                        ' ', relations.oid, relations.relfilenode,
                        written.n_tup_ins, written.n_tup_upd, written.n_tup_del
                    )
            end,
            -- A view goes with a table below it, and comes back as another that says the same.
            case when relations.relkind = 'v' then pg_get_viewdef(relations.oid) end
        ),
        ';' order by cast(cast(relations.oid as regclass) as text)
    ))
    from pg_class as relations
    left join pg_stat_all_tables as written on relations.oid = written.relid
    where
        relations.relkind in ('r', 'v')
        and relations.relnamespace in (
            select schemas.oid from pg_namespace as schemas
            where schemas.nspname in ('staging', 'accepted', 'clean', 'marts')
        )
),
(
    select md5(string_agg(prosrc, ';' order by cast(oid as regprocedure)::text))
    from pg_proc where pronamespace = cast('ops' as regnamespace)
),
(select server.stats_reset from pg_stat_bgwriter as server),
current_setting('track_counts'),
current_setting('server_version')
"""


def state_of(
    cursor: Cursor,
    environment: Mapping[str, str],
    business_date: dt.date | None,
    project: Path = PROJECT,
) -> str | None:
    """One text for all that a build follows from and has made; None where nobody can know.

    `environment` is that of the dbt process. Without a date dbt asks for it what is not looked at
    here.
    """
    if business_date is None:
        return None
    tables = (*READ, *(f"reject.{name}" for name in load_data_sets()))
    versions = [sql.SQL(WRITTEN).format(sql.Identifier(*table.split("."))) for table in tables]
    versions += [
        sql.SQL(CONTENT).format(sql.Literal(list(renewed)), sql.Identifier(*table.split(".")))
        for table, renewed in SAID.items()
    ]
    rows = sql.SQL(", ").join(versions)
    cursor.execute(
        sql.SQL("select concat_ws(' ', {}, {}), current_setting('track_counts') = 'on'").format(
            rows, sql.SQL(RELATIONS)
        )
    )
    found, is_counting = cursor.fetchone() or ("", False)
    if not is_counting:
        return None
    digest = hashlib.sha256(found.encode())
    for path in _files(project):
        digest.update(f"\0{path.relative_to(project)}\0".encode())
        digest.update(path.read_bytes())
    settings = {
        name: value
        for name, value in environment.items()
        if name.startswith("LENS_") and not name.startswith(CONNECTION)
    }
    digest.update(json.dumps([settings, business_date.isoformat()], sort_keys=True).encode())
    digest.update(version("dbt-core").encode())
    return digest.hexdigest()


def _files(project: Path) -> list[Path]:
    roots = [project / source for source in SOURCES]
    return sorted(
        path
        for root in roots
        for path in (root.rglob("*") if root.is_dir() else [root])
        if path.is_file()
    )
