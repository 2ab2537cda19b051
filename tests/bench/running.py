"""`lens run` as a user starts it, and what it says of itself: seconds of its steps and models."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from loyalty_lens.warehouse.connection import connected
from tests.bench.measure import stopwatch

STEPS = ("land", "validate", "staging", "clean", "marts", "publish", "lists")
STEP_DONE = re.compile(r"(\w+)\s+done in ([\d.]+) s")
MODELS = """
select split_part(unique_id, '.', 3), sum(execution_seconds)
from ops.model_runs
where
    run_id = (select run_id from ops.pipeline_runs order by started_at desc limit 1)
    and resource_type in ('model', 'test')
group by 1
"""


@dataclass(frozen=True)
class Run:
    """Seconds from start to end, by step, and by model with its tests."""

    whole: float
    steps: Mapping[str, float]
    models: Mapping[str, float]

    def build(self) -> float:
        """Seconds of all layers of dbt."""
        return sum(self.steps[name] for name in ("staging", "clean", "marts"))


def lens_run(environment: Mapping[str, str], url: str) -> Run:
    """One run in the warehouse of the environment, which answers at `url`.

    Raises SystemExit with what the command said last where it fails.
    """
    command = [sys.executable, "-m", "loyalty_lens.cli.main", "run"]
    with stopwatch() as seconds:
        done = subprocess.run(
            command,
            env={**os.environ, **environment, "LENS_LOG_LEVEL": "INFO"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    steps = {name: float(took) for name, took in STEP_DONE.findall(done.stderr + done.stdout)}
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(MODELS)
        models = {name: float(took or 0) for name, took in cursor.fetchall()}
    return Run(seconds[0], {name: steps.get(name, 0.0) for name in STEPS}, models)


def number(url: str, query: str) -> int:
    """The one number that a query returns."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        (found,) = cursor.fetchone() or (0,)
    return int(found)
