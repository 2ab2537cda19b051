"""A whole run, from files to certificate, with the seconds that each step took."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loyalty_lens.alerts.alert import Alert, Kind
from loyalty_lens.alerts.channels import send
from loyalty_lens.errors import LensError
from loyalty_lens.pipeline import steps
from loyalty_lens.pipeline.business_date import RequestedDate
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import LAYERS

LOG = logging.getLogger(__name__)
NO_DATE = RequestedDate(date=None, is_explicit=False)


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
    landing: Path | str | None = None,
    with_landing: bool = True,
) -> RunResult:
    """All steps in order; a failed step fails the run, in `ops.pipeline_runs` too, and raises."""
    with only_run(url):
        if not steps.is_judged(settings):
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
                if name == "land" and result.answers[name]["files_loaded"]:
                    workers.warm_up()
        except BaseException as error:
            _mark_failed(settings, run_id, f"{name}: {_reason(error)}")
            if not isinstance(error, KeyboardInterrupt):  # somebody is there and knows
                _alert(settings, run_id, "run failed", f"{name} failed", _reason(error))
            raise
        started = time.perf_counter()
        result.answers["lists"] = steps.write_lists(
            settings, run_id
        )  # the run is a success already
        result.seconds["lists"] = time.perf_counter() - started
        result.answers["notifications"] = steps.notify(settings, run_id)
        result.answers["digest"] = steps.digest(settings, run_id)
        if problems := _problems(result):
            _alert(settings, run_id, "files", f"{len(problems)} files or lists", problems[0])
        return result


@contextmanager
def single_step(settings: Settings, url: str, trigger: str) -> Iterator[str]:
    """A run of one step alone: yields its run_id; a success, or failed where the block raises."""
    with only_run(url):
        run_id = steps.open_run(settings, requested=NO_DATE, trigger=trigger)
        try:
            yield run_id
        except BaseException as error:
            _mark_failed(settings, run_id, _reason(error))
            raise
        steps.close_run(settings, run_id)


def _layer(
    settings: Settings, run_id: str, layer: str, workers: Workers
) -> Callable[[], dict[str, Any]]:
    return lambda: steps.transform(settings, run_id, layer, workers)


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, LensError) else f"{type(error).__name__} {error}".strip()


def _problems(result: RunResult) -> list[str]:
    """Files that were not loaded or are held, lists that were not written; the rest is there."""
    landed = result.answers.get("land", {}).get("files", ())
    return [
        *(str(file["message"]) for file in landed if file["outcome"] in ("failed", "stopped")),
        *(str(held["message"]) for held in result.answers["validate"]["held"]),
        *result.answers["lists"]["problems"],
        *result.answers["notifications"]["problems"],
        *result.answers["digest"]["problems"],
    ]


def _alert(settings: Settings, run_id: str, kind: Kind, subject: str, reason: str) -> None:
    """To the channels that are set; the command itself tells the terminal."""
    send(settings, Alert(kind, f"lens run: {subject}", reason, run_id), log=False)


def _mark_failed(settings: Settings, run_id: str, message: str) -> None:
    try:
        steps.fail_run(settings, run_id, message)
    except LensError as error:
        LOG.info("the failure could not be recorded: %s", error)
