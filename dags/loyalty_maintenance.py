"""The warehouse stays small and can come back: tidied and saved every night. Also `lens maintain`.

Thin on purpose, as loyalty_daily.py: parsing imports nothing of the pipeline.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Context, CronDataIntervalTimetable, chain, task
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from loyalty_lens.settings import Settings


def _from_environment(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


@contextmanager
def _alone() -> Iterator[tuple["Settings", str]]:
    """The settings and the warehouse, to itself until the task ends."""
    from loyalty_lens.errors import SettingsError
    from loyalty_lens.pipeline.lock import only_run
    from loyalty_lens.settings import Settings
    from loyalty_lens.warehouse.access import warehouse_url

    try:
        settings = Settings.from_environment()
    except SettingsError as error:  # another attempt would meet the same ones
        raise AirflowFailException(str(error)) from error
    url = warehouse_url(settings)
    with only_run(url, wait=True):
        yield settings, url


def tell(context: Context) -> None:
    """Alerts once a task has no attempt left."""
    from loyalty_lens.scheduling.callbacks import task_failed

    task_failed(context, kind="maintenance")


@task(
    doc_md="Logs and `ops.model_runs` older than `LENS_LOG_DAYS`; rows of files that were"
    " superseded `LENS_RAW_DAYS` ago; personal data beyond their time."
)
def remove_what_is_old() -> dict[str, Any]:
    from pathlib import Path

    from airflow.sdk.configuration import conf

    from loyalty_lens.upkeep.tidying import forget_old, retain

    logs = conf.get("logging", "base_log_folder", fallback="")
    with _alone() as (settings, url):
        removed = forget_old(settings, url, logs=Path(logs) if logs else None)
        return {**removed, "kept_by_rule": retain(url)}


@task(doc_md="`vacuum (analyze)` of every table.")
def vacuum_and_analyze() -> int:
    from loyalty_lens.upkeep.tidying import vacuum

    with _alone() as (_, url):
        return vacuum(url)


@task(doc_md="`pg_dump` to `LENS_BACKUPS`; the newest `LENS_BACKUPS_KEPT` files stay.")
def back_up() -> dict[str, Any]:
    from loyalty_lens.recovery.backup import back_up as save

    with _alone() as (settings, url):
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
    schedule=CronDataIntervalTimetable(
        _from_environment("LENS_MAINTENANCE_SCHEDULE", "30 2 * * *"),
        timezone=_from_environment("LENS_DEFAULT_TIME_ZONE", "UTC"),
    ),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "loyalty_lens",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": tell,
    },
    tags=["loyalty", "maintenance"],
):
    chain(remove_what_is_old(), vacuum_and_analyze(), back_up())
