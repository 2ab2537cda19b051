"""Airflow's own command, for what has to be there before its components start."""

import json
import subprocess

from loyalty_lens.errors import LensError, first_line

DAG = "loyalty_daily"


class AirflowError(LensError):
    """A command of Airflow failed; the message has its last words."""


def migrate() -> None:
    """Airflow's own tables, up to date."""
    _airflow("db", "migrate")


def trigger_once(run_id: str) -> bool:
    """Queues this run of the daily DAG unless it was queued before; says whether it was new.

    The DAG is read first: no DAG processor has done so yet. The run waits for the scheduler.
    Airflow's warnings are on standard output, too; the answer is the last line that is a list.
    """
    _airflow("dags", "reserialize")
    listed = _airflow("dags", "list-runs", DAG, "--output", "json").splitlines()
    runs = json.loads(next(line for line in reversed(listed) if line.startswith("[")))
    if any(run["run_id"] == run_id for run in runs):
        return False
    _airflow("dags", "trigger", DAG, "--run-id", run_id)
    return True


def unpause(dag: str) -> None:
    """Lets a DAG run on its schedule; Airflow reads its own default for that only once."""
    _airflow("dags", "unpause", dag)


def _airflow(*arguments: str) -> str:
    done = subprocess.run(["airflow", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise AirflowError(f"airflow {' '.join(arguments)}: {first_line(words[-1])}")
    return done.stdout
