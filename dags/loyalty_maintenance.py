"""The warehouse stays small and can come back: tidied and saved every night. Also `lens maintain`.

Thin on purpose, as loyalty_daily.py: parsing imports nothing of the pipeline.
"""

from datetime import datetime
from typing import Any

from airflow.sdk import DAG, chain, task

from loyalty_lens.scheduling.jobs import alerts, default_args, timetable, warehouse_alone


@task(
    doc_md="Logs and `ops.model_runs` older than `LENS_LOG_DAYS`; rows of files that were"
    " superseded `LENS_RAW_DAYS` ago; personal data beyond their time."
)
def remove_what_is_old() -> dict[str, Any]:
    from pathlib import Path

    from airflow.sdk.configuration import conf

    from loyalty_lens.upkeep.tidying import forget_old, retain

    logs = conf.get("logging", "base_log_folder", fallback="")
    with warehouse_alone() as (settings, url):
        removed = forget_old(settings, url, logs=Path(logs) if logs else None)
        return {**removed, "kept_by_rule": retain(settings, url)}


@task(doc_md="`vacuum (analyze)` of every table.")
def vacuum_and_analyze() -> int:
    from loyalty_lens.upkeep.tidying import vacuum

    with warehouse_alone() as (_, url):
        return vacuum(url)


@task(doc_md="`pg_dump` to `LENS_BACKUPS`; the newest `LENS_BACKUPS_KEPT` files stay.")
def back_up() -> dict[str, Any]:
    from loyalty_lens.recovery.backup import back_up as save

    with warehouse_alone() as (settings, url):
        saved, content = save(url, settings.backups, keep=settings.backups_kept)
    return {"file": str(saved.path), "bytes": saved.size_bytes, "rows": content.rows}


with DAG(
    dag_id="loyalty_maintenance",
    description="Nightly: remove what is old, vacuum and analyze, back up",
    doc_md="""
### Loyalty Lens, maintenance

Every night (`LENS_MAINTENANCE_SCHEDULE`): removes what is older than settings allow, vacuums and
analyzes every table, and saves the warehouse to `LENS_BACKUPS`. It waits for a run that is at work,
and holds up the next one until it is done.

**When it fails**: the older backups are all there; nothing was removed that a run needs. Its log
ends with one line that says what to do; clear the task. **To restore**: `lens restore`
(docs/recovery.md).
""",
    schedule=timetable("LENS_MAINTENANCE_SCHEDULE", "30 2 * * *"),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(alerts("maintenance"), retries=2, minutes=5),
    tags=["loyalty", "maintenance"],
):
    chain(remove_what_is_old(), vacuum_and_analyze(), back_up())
