"""The invented shop goes on: one more day arrives before each run, so that segments move.

Paused unless this is a demo (`LENS_DEMO=1`); without a folder of `lens generate` it skips.
"""

import os
from datetime import datetime

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, task
from airflow.sdk.exceptions import AirflowSkipException


def _from_environment(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


@task(doc_md="The next planned day of the shop, as one folder in the landing folder.")
def feed() -> str:
    import seeds_generator
    from loyalty_lens.settings import Settings

    landing = Settings.from_environment().landing
    try:
        day, _ = seeds_generator.feed(landing)
    except seeds_generator.NoPlanError as error:
        raise AirflowSkipException(str(error)) from None
    return day.isoformat()


with DAG(
    dag_id="demo_feed",
    description="One more day of the invented shop, then a run of loyalty_daily",
    doc_md="""
### The demo goes on

Drops the next day of the invented shop into its landing folder (`lens feed` does the same) and
triggers `loyalty_daily`. Trigger it by hand, several times if you like: each run is one more day,
and the segments move.

Only a folder that `lens generate` made is fed; with files of your own this DAG skips.
""",
    schedule=CronDataIntervalTimetable(
        _from_environment("LENS_SCHEDULE", "0 5 * * *"),
        timezone=_from_environment("LENS_DEFAULT_TIME_ZONE", "UTC"),
    ),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=_from_environment("LENS_DEMO", "0") != "1",
    default_args={"owner": "loyalty_lens"},
    tags=["loyalty", "demo"],
):
    feed() >> TriggerDagRunOperator(
        task_id="run_loyalty_daily",
        trigger_dag_id="loyalty_daily",
        doc_md="A run of `loyalty_daily`; its business date is the newest accepted sale.",
    )
