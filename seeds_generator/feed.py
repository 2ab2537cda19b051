"""A shop in a folder: its history is founded there, then the days arrive one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from seeds_generator.drops import Progress, generate
from seeds_generator.folder import locked, make_room, note
from seeds_generator.options import GeneratorOptions
from seeds_generator.result import GeneratedFiles
from seeds_generator.version import VERSION

PLAN = ".loyalty_lens_feed.json"  # hidden: never loaded as a data file
FIRST = 1  # the version of a plan that names none


class NoPlanError(Exception):
    """The folder cannot be fed: it was not made by this generator, or its plan is used up."""


@dataclass(frozen=True)
class Plan:
    """How the files of a folder were made, by which version, and the last day that lies there."""

    options: GeneratorOptions
    delivered: date
    version: int = VERSION

    @property
    def last_day(self) -> date:
        """The last day that is planned."""
        return self.options.end + timedelta(days=self.options.ahead_days)

    @property
    def is_current(self) -> bool:
        """Whether this version of the generator made the files, and so knows how they go on."""
        return self.version == VERSION

    def save(self, folder: Path) -> None:
        """Write the plan into the folder, complete or not at all."""
        content = {
            "generator_version": self.version,
            "options": asdict(self.options),
            "delivered": self.delivered,
        }
        partial = folder / f"{PLAN}.partial"
        partial.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
        partial.replace(folder / PLAN)


def found(
    options: GeneratorOptions,
    folder: Path,
    *,
    truth: Path | None = None,
    progress: Progress | None = None,
    replace: bool = False,
) -> GeneratedFiles:
    """Generate a shop as the only one of a folder, with its plan, so that `feed` can go on.

    ``replace`` removes the files of an earlier one first. Raises FolderError where other data files
    lie or another process is at work, and what `generate` raises.
    """
    with locked(folder):
        make_room(folder, replace=replace)
        (folder / PLAN).unlink(missing_ok=True)
        written = generate(
            options, folder, truth=truth, progress=progress, noted=lambda name: note(folder, name)
        )
        Plan(options, options.end).save(folder)
    return written


def read_plan(folder: Path) -> Plan:
    """The plan of a folder, of any version. Raises NoPlanError where there is none."""
    try:
        content: Any = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        version = content.get("generator_version", FIRST)
        return Plan(_options(content["options"]), date.fromisoformat(content["delivered"]), version)
    except FileNotFoundError:
        raise NoPlanError(f"{folder}: not a folder of invented files (lens generate)") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoPlanError(f"{folder / PLAN} cannot be read: {error}; generate again") from None


def feed(landing: Path) -> tuple[date, GeneratedFiles]:
    """Drop the next planned day of the shop in the landing folder; the day and its files.

    The shop lies in that folder or in one right below it. The drop appears at once and whole.
    Raises NoPlanError without a plan, after its last day or where another version made it,
    FolderError while another process is at work there, OSError where nothing can be written.
    """
    folder, _ = _plan_of(landing)
    with locked(folder):
        return _next_day(folder)


def feed_until(landing: Path, last: date | None) -> list[date]:
    """Drop the planned days up to `last` that are not there, or one more without it; the days.

    Raises what `feed` does.
    """
    folder, _ = _plan_of(landing)
    days: list[date] = []
    with locked(folder):
        while last is None or read_plan(folder).delivered < last:
            days.append(_next_day(folder)[0])
            if last is None:
                break
    return days


def _next_day(folder: Path) -> tuple[date, GeneratedFiles]:
    plan = read_plan(folder)
    if not plan.is_current:
        raise NoPlanError(
            f"{folder}: made by version {plan.version} of the generator, and this is {VERSION}, "
            "whose days would not fit; lens generate a new shop into an empty folder"
        )
    day = plan.delivered + timedelta(days=1)
    if day > plan.last_day:
        raise NoPlanError(f"{folder}: the plan ends on {plan.last_day}; generate again")
    unfinished = folder / f".{day}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    number = (day - plan.options.first_day).days
    written = generate(plan.options, unfinished, only_day=number)
    target = folder / str(day)
    if not target.exists():  # else an earlier feed was stopped right after this step
        for file in written.files:
            note(folder, file.path.relative_to(unfinished).as_posix())
        (unfinished / str(day)).rename(target)
    shutil.rmtree(unfinished)
    Plan(plan.options, day).save(folder)
    return day, written


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
