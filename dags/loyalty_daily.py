"""The main job: daily files in; points, RFM and segments out. `lens run` calls the same steps.

Thin on purpose: parsing this file touches no database and imports nothing of the pipeline (nor
Great Expectations, dbt or a database driver); each task imports what it needs when it runs.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import (
    DAG,
    Asset,
    BaseOperator,
    Context,
    Param,
    TaskGroup,
    chain,
    get_current_context,
    task,
)
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.exceptions import AirflowFailException

from loyalty_lens.scheduling.jobs import (
    alerts,
    default_args,
    from_environment,
    timetable,
    with_results,
)

if TYPE_CHECKING:
    from loyalty_lens.settings import Settings

LOG = logging.getLogger("loyalty_daily")  # Airflow gives this module a name of its own making
SHORTEST_DAY = timedelta(hours=23)  # of a time zone that turns its clocks
LAYERS = ("staging", "clean", "marts")
MARTS = Asset("loyalty_marts")  # loyalty_models runs when they are new


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
    from loyalty_lens.scheduling.callbacks import run_id_of
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
        run_id = run_id_of(dag_run)
        if of_open_run:
            steps.open_run(
                settings,
                run_id=run_id,
                requested=requested,
                trigger=f"airflow {dag_run.run_type.value}",
            )
        LOG.info("run %s, asked for business date %s", run_id, requested.date or "(the newest)")
        yield settings, run_id


def _late(minutes: int) -> DeadlineAlert:
    """Alerts where a run is not over so long after it was queued."""
    callback = AsyncCallback("asyncio.sleep", kwargs={"minutes": minutes})
    # Named afterwards: the class imports what it is given, and parsing imports nothing of ours.
    callback.path = "loyalty_lens.scheduling.callbacks.run_late"
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=callback,
        name="loyalty_daily is late",
    )


class WaitForFiles(BaseOperator):
    """Defers until the files of the run's day are there, or its deadline has passed.

    Only a run of a whole day waits (LENS_WAIT_MINUTES after the end of its data interval): not one
    that was asked for by hand, not one of every few minutes, not a backfill. Returns the day and
    what has not come for it; the run goes on either way.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Looks once; leaves the waiting to the triggerer."""
        from loyalty_lens.scheduling.files_trigger import FilesTrigger, not_there
        from loyalty_lens.settings import Settings

        dag_run = context["dag_run"]
        start, end = dag_run.data_interval_start, dag_run.data_interval_end
        if dag_run.run_type.value != "scheduled" or not start or not end:
            return {"waited_for": None, "missing": []}
        if end - start < SHORTEST_DAY:
            return {"waited_for": None, "missing": []}
        settings = Settings.from_environment()
        day = start.astimezone(ZoneInfo(settings.default_time_zone)).date()
        missing = not_there(day)
        deadline = end + timedelta(minutes=settings.wait_minutes)
        if missing and datetime.now(UTC) < deadline:
            LOG.info("waits until %s for %s", deadline, ", ".join(missing))
            self.defer(
                trigger=FilesTrigger(day.isoformat(), deadline.isoformat(), poll_seconds=20.0),
                method_name="go_on",
                kwargs={"day": day.isoformat()},
            )
        return self.go_on(context, event={"missing": missing}, day=day.isoformat())

    def go_on(self, context: Context, event: dict[str, Any], day: str) -> dict[str, Any]:  # noqa: ARG002
        """Tells what is missing, and lets the run go on with what came."""
        if event["missing"]:
            LOG.warning("goes on without %s of %s", ", ".join(event["missing"]), day)
        return {"waited_for": day, "missing": event["missing"]}


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
    on_failure_callback=alerts("lists"),  # the run is certified already
)
def lists() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step(of_open_run=False) as (settings, run_id):
        return steps.write_lists(settings, run_id)


@task(
    doc_md="Messages to customers, of `marts.notification_outbox`, to `LENS_EXPORTS`; each once.",
    on_failure_callback=alerts("lists"),  # the run is certified already
)
def notifications() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step(of_open_run=False) as (settings, run_id):
        return steps.notify(settings, run_id)


@task(
    doc_md="One page about the run to `LENS_EXPORTS`; by mail, too, with `LENS_DIGEST_EMAIL`.",
    on_failure_callback=alerts("lists"),  # the run is certified already
)
def digest() -> dict[str, Any]:
    from loyalty_lens.pipeline import steps

    with _step(of_open_run=False) as (settings, run_id):
        return steps.digest(settings, run_id)


@task(
    doc_md="Fails where files or lists have a problem; all others are in the marts, and written.",
    retries=0,
    on_failure_callback=alerts("files"),
)
def check_files(landed: Any, judged: Any, written: Any, sent: Any, told: Any) -> None:
    if landed["problems"]:
        first, count = landed["problems"][0], landed["files_with_problems"]
        raise AirflowFailException(f"{count} files not loaded, all others are: {first}")
    if judged["held"]:
        first, count = judged["held"][0]["message"], len(judged["held"])
        raise AirflowFailException(f"{count} files held, all others count: {first}")
    if written["problems"]:
        first, count = written["problems"][0], len(written["problems"])
        raise AirflowFailException(f"{count} lists not written, all others are: {first}")
    if problems := sent["problems"] + told["problems"]:
        raise AirflowFailException(f"messages or digest not sent: {problems[0]}")


with DAG(
    dag_id="loyalty_daily",
    description="Daily files in; points, RFM and segments out",
    doc_md="""
### Loyalty Lens, the main job

Loads the files of the landing folder (`LENS_LANDING`), judges their rows, builds the marts, writes
the lists of customers that `campaigns.yml` names (`LENS_EXPORTS`).
A file that is already loaded is skipped, so a run may be repeated at any time.

**Waits** for the files that the day usually brings (`LENS_EXPECTED`), at most `LENS_WAIT_MINUTES`,
then goes on with what came; what is missing stands in the certificate. With a schedule of every few
minutes (`LENS_SCHEDULE`) it does not wait, and the marts are provisional until the day is over.

**Business date**: 1. the parameter `business_date`, which shows the past by a full rebuild;
2. a scheduled or backfill run: the day on which its data interval starts
(`LENS_DEFAULT_TIME_ZONE`); 3. a manual run without a date: the newest day among the accepted sales.
The logical date is not it.

**Files that cannot be loaded**, or are held by a rule about whole batches, never stop the others:
the marts are published, then the last task,
`check_files`, fails and names them.

**Alerts** (`LENS_ALERT_EMAIL`, `LENS_ALERT_WEBHOOK`): a task without an attempt left, files with a
problem, a run that is not over after `LENS_LATE_MINUTES`. docs/runbook.md says what each means.

**When a task fails**: its log ends with one line that says what to do; `ops.pipeline_runs` keeps
it. Clear the task and the run goes on from there.

**Catching up**: `airflow backfill create --dag-id loyalty_daily --from-date D --to-date D`.
""",
    schedule=timetable("LENS_SCHEDULE", "0 5 * * *"),
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    deadline=_late(int(from_environment("LENS_LATE_MINUTES", "180"))),
    default_args=default_args(alerts("run failed", fails_run=True)),
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
    with TaskGroup("files", tooltip="Bronze: what came, as it came", prefix_group_id=False):
        came = WaitForFiles(
            task_id="wait_for_files",
            doc_md="The day's files, or a deadline; then what came. Waits without a worker slot.",
        )
        landed = land()
    with TaskGroup("gate", tooltip="Accepted or rejected, by rule", prefix_group_id=False):
        judged = validate()
    with TaskGroup("layers", tooltip="Silver and gold: dbt", prefix_group_id=False):
        layers = [with_results(transform.override(task_id=layer)(layer)) for layer in LAYERS]
    with TaskGroup("publication", tooltip="What leaves the warehouse", prefix_group_id=False):
        published, written, sent, told = publish(), lists(), notifications(), digest()
        checked = check_files(landed, judged, written, sent, told)
    chain(came, landed, judged, *layers, published, written, sent, told, checked)
