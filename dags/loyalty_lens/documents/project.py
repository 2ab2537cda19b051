"""What the files of the dbt project say of its tables, read without dbt and without a database."""

import csv
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from loyalty_lens.transform.environment import PROJECT

LAYERS = ("staging", "clean", "marts")
OWNER = "Loyalty Lens"  # of every table and dashboard; dbt_project.yml and exposures name no other


@dataclass(frozen=True)
class Column:
    """A column as described; `refers_to` (table, column) by a relationships test."""

    name: str
    data_type: str
    description: str
    classification: str
    refers_to: tuple[str, str] | None = None
    is_unique: bool = False


@dataclass(frozen=True)
class Table:
    """A model or seed of the project."""

    name: str
    layer: str  # staging, clean or marts; seeds lie in clean
    folder: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()  # of several columns, by a unique_combination test
    consumers: tuple[str, ...] = field(default=())  # tabs of dashboards that read it


@functools.cache
def tables() -> tuple[Table, ...]:
    """Every model and seed that is described, by layer, folder and name."""
    consumers = _consumers()
    found = [
        _table(entry, path, consumers)
        for path in sorted(PROJECT.glob("models/**/_*__models.yml"))
        for entry in _read(path).get("models", ())
    ]
    seeds = PROJECT / "seeds" / "_seeds.yml"
    found += [_table(entry, seeds, consumers) for entry in _read(seeds).get("seeds", ())]
    return tuple(sorted(found, key=lambda each: (LAYERS.index(each.layer), each.folder, each.name)))


def freshness() -> dict[str, str]:
    """How old a delivered data set may be, by data set: `1 day`, or what else was agreed."""
    with (PROJECT / "seeds" / "dq_targets.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["data_set"]: f"{row['sla_days']} days" if row["sla_days"] else row["check_schedule"]
            for row in csv.DictReader(stream)
        }


def _table(entry: dict[str, Any], path: Path, consumers: dict[str, list[str]]) -> Table:
    parts = path.relative_to(PROJECT).parts
    is_seed = parts[0] == "seeds"
    name = str(entry["name"])
    return Table(
        name=name,
        layer="clean" if is_seed else parts[1],
        folder="seeds" if is_seed else (parts[2] if len(parts) > 3 else ""),
        description=" ".join(str(entry.get("description", "")).split()),
        columns=tuple(_column(column) for column in entry.get("columns", ())),
        key=_key(entry),
        consumers=tuple(consumers.get(name, ())),
    )


def _column(entry: dict[str, Any]) -> Column:
    refers_to, is_unique = None, False
    for test in entry.get("data_tests", ()):
        is_unique = is_unique or test == "unique"
        if isinstance(test, dict) and "relationships" in test:
            named = test["relationships"]["arguments"]
            refers_to = (str(named["to"]).split("'")[1], str(named["field"]))
    return Column(
        name=str(entry["name"]),
        data_type=str(entry.get("data_type", "")),
        description=" ".join(str(entry.get("description", "")).split()),
        classification=str(entry.get("config", {}).get("meta", {}).get("classification", "")),
        refers_to=refers_to,
        is_unique=is_unique,
    )


def _key(entry: dict[str, Any]) -> tuple[str, ...]:
    for test in entry.get("data_tests", ()):
        if isinstance(test, dict) and "unique_combination" in test:
            return tuple(test["unique_combination"]["arguments"]["columns"])
    return ()


def _consumers() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for exposure in _read(PROJECT / "models" / "marts" / "_dashboards__exposures.yml")["exposures"]:
        for reference in exposure["depends_on"]:
            found.setdefault(reference.split("'")[1], []).append(str(exposure["label"]))
    return found


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content
