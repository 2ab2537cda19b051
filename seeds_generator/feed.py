"""One more day: an invented shop goes on where the folder of its files ends."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from seeds_generator.drops import generate
from seeds_generator.options import GeneratorOptions
from seeds_generator.result import GeneratedFiles

PLAN = ".loyalty_lens_feed.json"  # hidden: never loaded as a data file


class NoPlanError(Exception):
    """The folder was not made by the generator, or its plan is used up; the message says which."""


@dataclass(frozen=True)
class Plan:
    """How the files of a folder were made, and the last day that lies there."""

    options: GeneratorOptions
    delivered: date

    @property
    def last_day(self) -> date:
        """The last day that is planned."""
        return self.options.end + timedelta(days=self.options.ahead_days)

    def save(self, folder: Path) -> None:
        """Write the plan into the folder, complete or not at all."""
        text = json.dumps(
            {"options": asdict(self.options), "delivered": self.delivered}, indent=2, default=str
        )
        partial = folder / f"{PLAN}.partial"
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(folder / PLAN)


def read_plan(folder: Path) -> Plan:
    """The plan of a folder. Raises NoPlanError where there is none."""
    try:
        content: Any = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return Plan(_options(content["options"]), date.fromisoformat(content["delivered"]))
    except FileNotFoundError:
        raise NoPlanError(f"{folder}: not a folder of invented files (lens generate)") from None
    except (ValueError, KeyError, TypeError) as error:
        raise NoPlanError(f"{folder / PLAN} cannot be read: {error}; generate again") from None


def feed(landing: Path) -> tuple[date, GeneratedFiles]:
    """Drop the next planned day of the shop in the landing folder; the day and its files.

    The shop lies in that folder or in one right below it. The drop appears at once and whole.
    Raises NoPlanError without a plan or after its last day, OSError where nothing can be written.
    """
    folder, plan = _plan_of(landing)
    day = plan.delivered + timedelta(days=1)
    if day > plan.last_day:
        raise NoPlanError(f"{folder}: the plan ends on {plan.last_day}; generate again")
    unfinished = folder / f".{day}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    number = (day - plan.options.first_day).days
    written = generate(plan.options, unfinished, only_day=number)
    target = folder / str(day)
    if not target.exists():  # else an earlier feed was stopped right after this step
        (unfinished / str(day)).rename(target)
    shutil.rmtree(unfinished)
    Plan(plan.options, day).save(folder)
    return day, written


def feed_until(landing: Path, last: date | None) -> list[date]:
    """Drop the planned days up to `last` that are not there, or one more without it; the days.

    Raises NoPlanError and OSError as `feed` does.
    """
    days: list[date] = []
    while last is None or _plan_of(landing)[1].delivered < last:
        days.append(feed(landing)[0])
        if last is None:
            break
    return days


def _plan_of(landing: Path) -> tuple[Path, Plan]:
    """The shop's folder, that one or one right below it, and its plan."""
    below = sorted(path.parent for path in landing.glob(f"*/{PLAN}"))
    folder = landing if (landing / PLAN).exists() or not below else below[0]
    return folder, read_plan(folder)


def _options(content: Mapping[str, Any]) -> GeneratorOptions:
    known = {field.name for field in fields(GeneratorOptions)}
    if unknown := set(content) - known:
        raise ValueError(f"unknown options {sorted(unknown)}")
    return GeneratorOptions(**{**content, "end": date.fromisoformat(content["end"])})
