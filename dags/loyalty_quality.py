"""Checks that read everything, weekly and monthly. `lens verify` does the same.

Thin on purpose, as loyalty_daily.py: parsing imports nothing of the pipeline.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Context, CronDataIntervalTimetable, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from loyalty_lens.settings import Settings


def _from_environment(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


@contextmanager
def _alone() -> Iterator[tuple["Settings", str]]:
    """The settings and the warehouse, to itself; what a check finds is not tried again."""
    from loyalty_lens.errors import QualityError, SettingsError, TransformError
    from loyalty_lens.pipeline.lock import only_run
    from loyalty_lens.settings import Settings
    from loyalty_lens.warehouse.access import warehouse_url

    try:
        settings = Settings.from_environment()
        url = warehouse_url(settings)
        with only_run(url, wait=True):
            yield settings, url
    except (QualityError, SettingsError, TransformError) as error:
        raise AirflowFailException(str(error)) from error


def tell(context: Context) -> None:
    """Alerts once a task has no attempt left."""
    from loyalty_lens.scheduling.callbacks import task_failed

    task_failed(context, kind="quality")


@task(doc_md="Every data test of dbt over all rows; a daily run looks at those of the day.")
def data_tests() -> dict[str, int]:
    from loyalty_lens.upkeep.full_checks import data_tests as run_tests

    with _alone() as (settings, url):
        return run_tests(settings, url)


@task.short_circuit(doc_md="Once a month: the first run of a month goes on, the others end here.")
def first_of_the_month() -> bool:
    """Manual runs go on; scheduled ones where the week before lay in another month."""
    dag_run = get_current_context()["dag_run"]
    if dag_run.run_type.value != "scheduled" or not dag_run.data_interval_end:
        return True
    zone = ZoneInfo(_from_environment("LENS_DEFAULT_TIME_ZONE", "UTC"))
    today = dag_run.data_interval_end.astimezone(zone)
    return bool(today.day <= 7)


@task(doc_md="Every live file's rows are in `raw`, as many as were read.")
def raw_against_files() -> dict[str, int]:
    from loyalty_lens.upkeep.full_checks import raw_is_whole

    with _alone() as (_, url):
        return raw_is_whole(url)


@task(doc_md="The newest backup, restored into a database of its own, compared, and dropped again.")
def restore_drill() -> dict[str, Any]:
    from loyalty_lens.upkeep.full_checks import restore_drill as drill

    with _alone() as (settings, url):
        return drill(settings, url)


with DAG(
    dag_id="loyalty_quality",
    description="Weekly: every data test; monthly: raw against its files, a restore tried out",
    doc_md="""
### Loyalty Lens, the full checks

Weekly (`LENS_QUALITY_SCHEDULE`): every data test over all rows. In the first run of a month also:
the rows of every live file are in `raw`, and the newest backup is restored into a database of its
own and compared. Started by hand it does both.

**When it fails**: the marts stay as they are and are still shown. docs/runbook.md says what each
check means; a check that failed is not tried again by itself.
""",
    schedule=CronDataIntervalTimetable(
        _from_environment("LENS_QUALITY_SCHEDULE", "0 3 * * 0"),
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
    tags=["loyalty", "quality"],
):
    chain(data_tests(), first_of_the_month(), raw_against_files(), restore_drill())
