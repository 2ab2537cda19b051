"""`make smoke`: a run of the DAG through Airflow's REST API, then the marts, then the dashboards.

Every address comes from the environment, so that it can be pointed at any Airflow.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping

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
    run_id, seconds = run_daily(environment)
    print(f"Airflow: it succeeded after {seconds:.0f} s", flush=True)
    rows = check_marts(url, run_id)
    print("Marts: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()), flush=True)
    if subprocess.run(CHECK_DASHBOARDS, check=False).returncode != 0:
        raise SmokeError("Metabase does not show what it should: the line above says what")


def run_daily(environment: Mapping[str, str]) -> tuple[str, float]:
    """Triggers the DAG and waits for its end; the run's id and its seconds."""
    api = AirflowApi.logged_in(
        environment["AIRFLOW_URL"], environment["AIRFLOW_USER"], environment["AIRFLOW_PASSWORD"]
    )
    limit = float(environment.get("SMOKE_SECONDS") or RUN_SECONDS)
    started = time.monotonic()
    run_id = api.trigger(DAG)
    print(f"Airflow: run {run_id} of {DAG} queued (after others, if any)", flush=True)
    while (state := api.state(DAG, run_id)) in ("queued", "running"):
        if time.monotonic() - started > limit:
            raise SmokeError(
                f"run {run_id} is still {state} after {limit:.0f} s: does the scheduler work?"
                " make logs tells"
            )
        time.sleep(POLL_SECONDS)
    if state != "success":
        failed = ", ".join(api.failed_tasks(DAG, run_id)) or "no task"
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


if __name__ == "__main__":
    main()
