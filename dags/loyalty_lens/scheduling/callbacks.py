"""What becomes of a task that has no attempt left, and of a run that is late."""

import asyncio
import logging
from typing import Any

from loyalty_lens.alerts.alert import Alert, Kind
from loyalty_lens.alerts.channels import send
from loyalty_lens.errors import LensError
from loyalty_lens.pipeline.runs import read_row
from loyalty_lens.pipeline.steps import fail_run
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import running_url

LOG = logging.getLogger(__name__)


def task_failed(context: Any, *, kind: Kind, fails_run: bool = False) -> None:
    """Alerts; with `fails_run` the run is marked as failed in ops.pipeline_runs first."""
    dag_run, ti = context["dag_run"], context["ti"]
    run_id = run_id_of(dag_run)
    reason = " ".join(str(context.get("exception") or "ended without a word (killed?)").split())
    LOG.error("run %s failed in %s: %s", run_id, ti.task_id, reason)
    business_date = None
    try:
        settings = Settings.from_environment()
    except LensError as error:  # there is nowhere to send it to
        LOG.warning("no alert: %s", error)
        return
    try:
        if fails_run:
            fail_run(settings, run_id, f"{ti.task_id}: {reason}")
        business_date = read_row(running_url(settings), run_id).business_date
    except LensError as error:
        LOG.warning("the failure could not be recorded: %s", error)
    send(
        settings,
        Alert(
            kind=kind,
            subject=f"{dag_run.dag_id}: {ti.task_id} failed",
            reason=reason,
            run_id=run_id,
            business_date=business_date,
            link=getattr(ti, "log_url", None),
            details={"dag": dag_run.dag_id, "task": ti.task_id, "attempt": ti.try_number},
        ),
    )


async def run_late(minutes: int, context: Any = None) -> str:
    """For a deadline of Airflow: a run is not over `minutes` after it was queued."""
    dag_run = (context or {}).get("dag_run") or {}
    dag_id = dag_run.get("dag_id", "loyalty_daily")
    name = dag_run.get("dag_run_id") or dag_run.get("run_id") or "a run"
    alert = Alert(
        kind="run late",
        subject=f"{dag_id} is late",
        reason=f"{name} is not over after {minutes} minutes; the marts show the run before",
        run_id=f"{dag_id}.{name}",
        details={"dag": dag_id, "minutes": minutes},
    )
    took = await asyncio.to_thread(send, Settings.from_environment(), alert)
    return ", ".join(took)


def run_id_of(dag_run: Any) -> str:
    """The run's id in ops.pipeline_runs: the same for every attempt, and after clearing."""
    return f"{dag_run.dag_id}.{dag_run.run_id}"
