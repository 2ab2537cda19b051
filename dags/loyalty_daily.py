"""The main job: daily files in; points, RFM and segments out. `lens run` calls the same steps.

Thin on purpose: parsing this file touches no database and imports nothing of the pipeline (nor
Great Expectations, dbt or a database driver); each task imports what it needs when it runs.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    DAG,
    Asset,
    Context,
    CronDataIntervalTimetable,
    Param,
    chain,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from loyalty_lens.settings import Settings

LOG = logging.getLogger("loyalty_daily")  # Airflow gives this module a name of its own making
LAYERS = ("staging", "clean", "marts")
MARTS = Asset("loyalty_marts")  # loyalty_models runs when they are new


def _from_environment(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


@contextmanager
def _step(*, of_open_run: bool = True) -> Iterator[tuple["Settings", str]]:
    """The settings and the run's id, with the warehouse to itself until the step ends.

    `max_active_runs` does not hold for `airflow backfill`, which has a limit of its own (10), nor
    for a `lens run` beside it. The run is opened by each step, so that a cleared task finds it
    open again; a step after `publish` leaves it closed. Wrong settings fail at once: another
    attempt would meet the same ones.
    """
    from loyalty_lens.errors import SettingsError
    from loyalty_lens.pipeline import steps
    from loyalty_lens.pipeline.business_date import requested_date
    from loyalty_lens.pipeline.lock import only_run
    from loyalty_lens.settings import Settings
    from loyalty_lens.warehouse.access import warehouse_url

    context = get_current_context()
    dag_run = context["dag_run"]
    try:
        settings = Settings.from_environment()
        requested = requested_date(
            parameter=context["params"]["business_date"],
            data_interval_start=dag_run.data_interval_start,
            run_type=dag_run.run_type.value,
            time_zone=settings.default_time_zone,
        )
    except SettingsError as error:
        raise AirflowFailException(str(error)) from error
    with only_run(warehouse_url(settings), wait=True):
        run_id = _run_id(dag_run)
        if of_open_run:
            steps.open_run(
                settings,
                run_id=run_id,
                requested=requested,
                trigger=f"airflow {dag_run.run_type.value}",
            )
        LOG.info("run %s, asked for business date %s", run_id, requested.date or "(the newest)")
        yield settings, run_id


def _run_id(dag_run: Any) -> str:
    """The run's id in ops.pipeline_runs: the same for every attempt, and after clearing."""
    return f"{dag_run.dag_id}.{dag_run.run_id}"


def mark_failed(context: Context) -> None:
    """Marks the run as failed in ops.pipeline_runs once a task has no attempt left."""
    from loyalty_lens.errors import LensError
    from loyalty_lens.pipeline.steps import fail_run
    from loyalty_lens.settings import Settings

    run_id = _run_id(context["dag_run"])
    reason = context.get("exception") or "ended without a word (killed?)"
    message = f"{context['ti'].task_id}: {' '.join(str(reason).split())}"
    LOG.error("run %s failed in %s", run_id, message)
    try:
        fail_run(Settings.from_environment(), run_id, message)
    except LensError as error:
        LOG.warning("the failure could not be recorded: %s", error)


@task(doc_md="Files of the landing folder to `raw`, one row in `ops.load_batches` for each.")
def land() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step() as (settings, run_id):
        report = steps.land(settings, run_id)
    files = report.pop("files")  # one for each file ever delivered: ops.load_batches has them
    problems = [file["message"] for file in files if file["outcome"] in ("failed", "stopped")]
    for message in problems:
        LOG.warning("not loaded: %s", message)
    return {**report, "problems": problems[:20]}


@task(
    doc_md="Great Expectations: rows to accepted or `reject`; results in `ops.validation_results`."
)
def validate() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step() as (settings, run_id):
        return steps.validate(settings, run_id)


@task(doc_md="dbt, one layer. `ops.model_runs` says what each model of this run did.")
def transform(layer: str) -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step() as (settings, run_id):
        return steps.transform(settings, run_id, layer)


@task(doc_md="The certificate in `ops.pipeline_runs`, and the run is a success.", outlets=[MARTS])
def publish() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step() as (settings, run_id):
        return steps.publish(settings, run_id)


@task(
    doc_md="The lists of `campaigns.yml` to `LENS_EXPORTS`; members in `ops.campaign_members`.",
    on_failure_callback=None,  # the run is certified already
)
def lists() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step(of_open_run=False) as (settings, run_id):
        return steps.write_lists(settings, run_id)


@task(
    doc_md="Fails where files or lists have a problem; all others are in the marts, and written.",
    retries=0,
    on_failure_callback=None,
)
def check_files(landed: Any, judged: Any, written: Any) -> None:
    if landed["problems"]:
        first, count = landed["problems"][0], landed["files_with_problems"]
        raise AirflowFailException(f"{count} files not loaded, all others are: {first}")
    if judged["held"]:
        first, count = judged["held"][0]["message"], len(judged["held"])
        raise AirflowFailException(f"{count} files held, all others count: {first}")
    if written["problems"]:
        first, count = written["problems"][0], len(written["problems"])
        raise AirflowFailException(f"{count} lists not written, all others are: {first}")


with DAG(
    dag_id="loyalty_daily",
    description="Daily files in; points, RFM and segments out",
    doc_md="""
### Loyalty Lens, the main job

Loads the files of the landing folder (`LENS_LANDING`), judges their rows, builds the marts, writes
the lists of customers that `campaigns.yml` names (`LENS_EXPORTS`).
A file that is already loaded is skipped, so a run may be repeated at any time.

**Business date**: 1. the parameter `business_date`, which shows the past by a full rebuild;
2. a scheduled or backfill run: the day on which its data interval starts
(`LENS_DEFAULT_TIME_ZONE`); 3. a manual run without a date: the newest day among the accepted sales.
The logical date is not it.

**Files that cannot be loaded**, or are held by a rule about whole batches, never stop the others:
the marts are published, then the last task,
`check_files`, fails and names them.

**When a task fails**: its log ends with one line that says what to do; `ops.pipeline_runs` keeps
it. Clear the task and the run goes on from there.

**Catching up**: `airflow backfill create --dag-id loyalty_daily --from-date D --to-date D`.
""",
    schedule=CronDataIntervalTimetable(
        _from_environment("LENS_SCHEDULE", "0 5 * * *"),
        timezone=_from_environment("LENS_DEFAULT_TIME_ZONE", "UTC"),
    ),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "loyalty_lens",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,  # 1, 2, 4 minutes
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": mark_failed,
    },
    params={
        "business_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Business date",
            description="Show the marts as of this day (YYYY-MM-DD); empty: the newest day",
        )
    },
    tags=["loyalty", "daily"],
):
    landed, judged = land(), validate()
    layers = [transform.override(task_id=layer)(layer) for layer in LAYERS]
    published, written = publish(), lists()
    chain(
        landed,
        judged,
        *layers,
        published,
        written,
        check_files(landed, judged, written),
    )
