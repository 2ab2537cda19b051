"""A whole run, from files to certificate, with the seconds that each step took."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loyalty_lens.errors import LensError, WarehouseError
from loyalty_lens.pipeline import steps
from loyalty_lens.pipeline.business_date import RequestedDate
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import LAYERS
from loyalty_lens.warehouse.connection import connect

LOG = logging.getLogger(__name__)
RUN_LOCK = 0x4C52554E  # "LRUN": one run at a time in a warehouse


@dataclass
class RunResult:
    """What each step returned, and how long it took."""

    run_id: str
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def run(
    settings: Settings,
    url: str,
    requested: RequestedDate,
    workers: Workers,
    *,
    landing: Path | None = None,
    with_landing: bool = True,
) -> RunResult:
    """All steps in order; a failed step fails the run, in `ops.pipeline_runs` too, and raises."""
    with _only_run(url):
        workers.warm_up()
        run_id = steps.open_run(settings, requested=requested)
        result = RunResult(run_id)
        plan: dict[str, Callable[[], dict[str, Any]]] = {
            "land": lambda: steps.land(settings, run_id, landing),
            "validate": lambda: steps.validate(settings, run_id, workers),
            **{layer: _layer(settings, run_id, layer, workers) for layer in LAYERS},
            "publish": lambda: steps.publish(settings, run_id),
        }
        if not with_landing:
            del plan["land"]
        try:
            for name, step in plan.items():
                started = time.perf_counter()
                result.answers[name] = step()
                result.seconds[name] = time.perf_counter() - started
                LOG.info("%-9s done in %.1f s", name, result.seconds[name])
        except LensError as error:
            _mark_failed(settings, run_id, f"{name}: {error}")
            raise
        return result


def _layer(
    settings: Settings, run_id: str, layer: str, workers: Workers
) -> Callable[[], dict[str, Any]]:
    return lambda: steps.transform(settings, run_id, layer, workers)


def _mark_failed(settings: Settings, run_id: str, message: str) -> None:
    try:
        steps.fail_run(settings, run_id, message)
    except LensError as error:
        LOG.warning("the failure could not be recorded: %s", error)


@contextmanager
def _only_run(url: str) -> Iterator[None]:
    """Holds the warehouse for one run; the server lets go of it when this process ends."""
    connection = connect(url, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", (RUN_LOCK,))
            if cursor.fetchone() == (False,):
                raise WarehouseError(
                    "another run is at work in this warehouse; wait for it to end (lens status)"
                )
        yield
    finally:
        connection.close()
