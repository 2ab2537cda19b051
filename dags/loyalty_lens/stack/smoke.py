"""`make smoke`: runs of the DAGs through Airflow's REST API, what they left, and the dashboards.

Every address comes from the environment, so that it can be pointed at any Airflow.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from loyalty_lens.errors import LensError
from loyalty_lens.settings import Settings
from loyalty_lens.stack.airflow_api import AirflowApi
from loyalty_lens.stack.airflow_cli import DAG
from loyalty_lens.warehouse.access import running_url
from loyalty_lens.warehouse.connection import connected

MARTS = ("customer_details", "customer_rfm", "segment_summary", "sales_daily", "points_ledger")
CHECK_DASHBOARDS = (
    *(sys.executable, "-m", "loyalty_lens.cli.main"),
    *("metabase", "check", "--wait", "60"),
)
MODELS, MAINTENANCE = "loyalty_models", "loyalty_maintenance"
RUN_SECONDS = "1800"
POLL_SECONDS = 2.0


class SmokeError(LensError):
    """The stack does not do what it should; the message says which part."""


def main() -> None:
    """Prints a line for each part; on failure one line, and exit code 1."""
    try:
        smoke(os.environ)
    except LensError as error:
        sys.exit(f"smoke: {error}")


def smoke(environment: Mapping[str, str]) -> None:
    """All parts, in order. Raises LensError at the first that fails."""
    url = running_url(Settings.from_environment(environment))
    run_id, seconds = run_dag(environment, DAG)
    print(f"Airflow: it succeeded after {seconds:.0f} s", flush=True)
    rows = check_marts(url, run_id)
    print("Marts: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()), flush=True)
    print(check_publication(url), flush=True)
    for dag in (MODELS, MAINTENANCE):
        _, seconds = run_dag(environment, dag)
        print(f"{dag}: it succeeded after {seconds:.0f} s", flush=True)
    print(check_upkeep(url), flush=True)
    if subprocess.run(CHECK_DASHBOARDS, check=False).returncode != 0:
        raise SmokeError("Metabase does not show what it should: the line above says what")


def run_dag(environment: Mapping[str, str], dag: str) -> tuple[str, float]:
    """Triggers a DAG and waits for its end; the run's id and its seconds."""
    api = AirflowApi.logged_in(
        environment["AIRFLOW_URL"], environment["AIRFLOW_USER"], environment["AIRFLOW_PASSWORD"]
    )
    limit = float(environment.get("SMOKE_SECONDS") or RUN_SECONDS)
    started = time.monotonic()
    run_id = api.trigger(dag)
    print(f"Airflow: run {run_id} of {dag} queued (after others, if any)", flush=True)
    while (state := api.state(dag, run_id)) in ("queued", "running"):
        if time.monotonic() - started > limit:
            raise SmokeError(
                f"run {run_id} is still {state} after {limit:.0f} s: does the scheduler work?"
                " make logs tells"
            )
        time.sleep(POLL_SECONDS)
    if state != "success":
        failed = ", ".join(api.failed_tasks(dag, run_id)) or "no task"
        raise SmokeError(f"run {run_id} ended as {state} in {failed}: its log in Airflow says why")
    return run_id, time.monotonic() - started


def check_marts(url: str, run_id: str) -> dict[str, int]:
    """Rows of the main marts, after the run was certified; none may be empty."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select status from ops.pipeline_runs where run_id = %s", (f"{DAG}.{run_id}",)
        )
        if cursor.fetchone() != ("success",):
            raise SmokeError(f"run {run_id} left no success in ops.pipeline_runs of this warehouse")
        rows = {}
        for mart in MARTS:
            cursor.execute(f"select count(*) from marts.{mart}")  # noqa: S608  (our own names)
            (rows[mart],) = cursor.fetchone() or (0,)
    empty = [mart for mart, count in rows.items() if not count]
    if empty:
        raise SmokeError(f"empty after a successful run: marts.{', marts.'.join(empty)}")
    return rows


def check_publication(url: str) -> str:
    """What the dashboards say of the day, and the messages to customers; one line."""
    status, date, provisional = _row(
        url, "select status, business_date, is_provisional from marts.data_status"
    )
    if status not in ("certified", "being brought up to date") or date is None:
        raise SmokeError(f"marts.data_status says {status!r} after a successful run")
    (messages,) = _row(url, "select count(*) from ops.notifications")
    (unwritten,) = _row(url, "select count(*) from ops.notification_files where written_at is null")
    if unwritten:
        raise SmokeError(f"{unwritten} files of messages are not written: lens notify says why")
    over = "not over" if provisional else "over"
    return f"Published: {date} (day {over}), {messages:,} messages to customers so far"


def check_upkeep(url: str) -> str:
    """What the models say of themselves, and a backup that is there; one line."""
    (fits,) = _row(url, "select count(*) from marts.model_fits")
    if not fits:
        raise SmokeError("marts.model_fits is empty after loyalty_models succeeded")
    backup = _row(
        url,
        "select file_name, size_bytes from ops.backups"
        " where finished_at is not null order by started_at desc limit 1",
    )
    if not backup:
        raise SmokeError("ops.backups has no finished backup after loyalty_maintenance succeeded")
    return f"Upkeep: {fits} fits of models, {backup[0]} of {backup[1] / 1e6:,.1f} MB"


def _row(url: str, query: str) -> tuple[Any, ...]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone() or ()


if __name__ == "__main__":
    main()
