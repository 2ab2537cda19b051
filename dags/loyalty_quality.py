"""Checks that read everything, weekly and monthly. `lens verify` does the same.

Thin on purpose, as loyalty_daily.py: parsing imports nothing of the pipeline.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, chain, get_current_context, task

from loyalty_lens.scheduling.jobs import (
    alerts,
    default_args,
    from_environment,
    timetable,
    warehouse_alone,
)


@task(doc_md="Every data test of dbt over all rows; a daily run looks at those of the day.")
def data_tests() -> dict[str, int]:
    from loyalty_lens.upkeep.full_checks import data_tests as run_tests

    with warehouse_alone(is_check=True) as (settings, url):
        return run_tests(settings, url)


@task(doc_md="The tables that certificates speak of, counted anew: they say what was said.")
def counted_tables() -> list[str]:
    from loyalty_lens.pipeline.certificate import count_again

    with warehouse_alone(is_check=True) as (_, url):
        return count_again(url)


@task.short_circuit(doc_md="Once a month: the first run of a month goes on, the others end here.")
def first_of_the_month() -> bool:
    """Manual runs go on; scheduled ones where the week before lay in another month."""
    dag_run = get_current_context()["dag_run"]
    if dag_run.run_type.value != "scheduled" or not dag_run.data_interval_end:
        return True
    zone = ZoneInfo(from_environment("LENS_DEFAULT_TIME_ZONE", "UTC"))
    today = dag_run.data_interval_end.astimezone(zone)
    return bool(today.day <= 7)


@task(doc_md="Every live file's rows are in `raw`, as many as were read.")
def raw_against_files() -> dict[str, int]:
    from loyalty_lens.upkeep.full_checks import raw_is_whole

    with warehouse_alone(is_check=True) as (_, url):
        return raw_is_whole(url)


@task(doc_md="The newest backup, restored into a database of its own, compared, and dropped again.")
def restore_drill() -> dict[str, Any]:
    from loyalty_lens.upkeep.full_checks import restore_drill as drill

    with warehouse_alone(is_check=True) as (settings, url):
        return drill(settings, url)


with DAG(
    dag_id="loyalty_quality",
    description="Weekly: every data test; monthly: raw against its files, a restore tried out",
    doc_md="""
### Loyalty Lens, the full checks

Weekly (`LENS_QUALITY_SCHEDULE`): every data test over all rows, and what certificates took over
from an earlier run is counted anew. In the first run of a month also: the rows of every live file
are in `raw`, and the newest backup is restored into a database of its own and compared. Started by
hand it does both.

**When it fails**: the marts stay as they are and are still shown. docs/runbook.md says what each
check means; a check that failed is not tried again by itself.
""",
    schedule=timetable("LENS_QUALITY_SCHEDULE", "0 3 * * 0"),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(alerts("quality"), retries=2, minutes=5),
    tags=["loyalty", "quality"],
):
    chain(
        *(data_tests(), counted_tables(), first_of_the_month()),
        *(raw_against_files(), restore_drill()),
    )
