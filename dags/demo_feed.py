"""The invented shop goes on: one more day arrives before each run, so that segments move.

Paused unless this is a demo (`LENS_DEMO=1`); without a folder of `lens generate` it skips.
"""

from datetime import datetime

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from loyalty_lens.scheduling.jobs import from_environment, timetable


@task(doc_md="Planned days of the shop, one folder each, in the landing folder.")
def feed() -> list[str]:
    """By schedule: the days up to the run's own, none or several. By hand: one more day."""
    import seeds_generator
    from loyalty_lens.pipeline.business_date import requested_date
    from loyalty_lens.settings import Settings

    settings = Settings.from_environment()
    dag_run = get_current_context()["dag_run"]
    until = requested_date(
        parameter=None,
        data_interval_start=dag_run.data_interval_start,
        run_type=dag_run.run_type.value,
        time_zone=settings.default_time_zone,
    ).date
    try:
        days = seeds_generator.feed_until(settings.landing, until)
    except seeds_generator.NoPlanError as error:
        raise AirflowSkipException(str(error)) from None
    if not days:
        raise AirflowSkipException(f"the shop's files reach {until} already")
    return [day.isoformat() for day in days]


with DAG(
    dag_id="demo_feed",
    description="One more day of the invented shop, then a run of loyalty_daily",
    doc_md="""
### The demo goes on

Drops days of the invented shop into its landing folder (`lens feed` does the same) and triggers
`loyalty_daily`. On schedule: the days up to yesterday that are not there yet. By hand: one more
day, also one that is still to come; trigger it several times and the segments move.

Only a folder that `lens generate` made is fed; with files of your own this DAG skips.
""",
    schedule=timetable("LENS_SCHEDULE", "0 5 * * *"),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=from_environment("LENS_DEMO", "0") != "1",
    default_args={"owner": "loyalty_lens"},
    tags=["loyalty", "demo"],
):
    feed() >> TriggerDagRunOperator(
        task_id="run_loyalty_daily",
        trigger_dag_id="loyalty_daily",
        doc_md="A run of `loyalty_daily`; its business date is the newest accepted sale.",
    )
