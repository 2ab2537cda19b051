"""Rules about whole batches, read from `great_expectations/batches.yml` and checked.

An entry has `rule_id`, `check` (row_count, reject_ratio or freshness), `severity` (off, warn or
stop), `dimension`, the limits of its check and, unless it is for all, `data_sets`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import QualityError
from loyalty_lens.quality.suites import DIMENSIONS, read_entries

FILE = "batches.yml"
SEVERITIES = ("off", "warn", "stop")
LIMITS = {
    "row_count": ("min_share", "max_share", "min_history"),
    "reject_ratio": ("max_ratio", "min_rows"),
    "freshness": ("max_days",),
}
META = {"rule_id", "check", "severity", "dimension", "data_sets"}


@dataclass(frozen=True)
class BatchRule:
    """One rule as it holds for one data set."""

    rule_id: str
    check: str
    severity: str
    dimension: str
    limits: Mapping[str, Decimal]


def load_batch_rules(folder: Path) -> dict[str, tuple[BatchRule, ...]]:
    """The rules by data set, switched-off ones left out; without the file there are none.

    Raises QualityError naming the file and the entry.
    """
    path = folder / FILE
    name = f"{folder.name}/{FILE}"
    if not path.exists():
        return {}
    entries = read_entries(path, name, "rules")
    known = list(load_data_sets())
    rules: dict[str, dict[str, BatchRule]] = {data_set: {} for data_set in known}
    for number, entry in enumerate(entries, start=1):
        rule, data_sets = _rule(f"{name}, entry {number}", entry, known)
        for data_set in data_sets:
            rules[data_set][rule.rule_id] = rule
    return {
        data_set: tuple(rule for rule in of_data_set.values() if rule.severity != "off")
        for data_set, of_data_set in rules.items()
    }


def _rule(where: str, entry: Any, known: list[str]) -> tuple[BatchRule, list[str]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("rule_id"), str):
        raise QualityError(f"{where}: needs a `rule_id`")
    where = f"{where} ({entry['rule_id']})"
    severity = "off" if entry.get("severity") is False else entry.get("severity")  # YAML's own off
    for key, value, allowed in (
        ("check", entry.get("check"), tuple(LIMITS)),
        ("severity", severity, SEVERITIES),
        ("dimension", entry.get("dimension"), DIMENSIONS),
    ):
        if value not in allowed:
            raise QualityError(f"{where}: {key} {value!r} is none of {', '.join(allowed)}")
    limits = LIMITS[entry["check"]]
    unknown = set(entry) - META - set(limits)
    if unknown:
        raise QualityError(f"{where}: {sorted(unknown)[0]!r} is not known here")
    data_sets = entry.get("data_sets", known)
    if not isinstance(data_sets, list) or not set(data_sets) <= set(known):
        raise QualityError(f"{where}: data_sets {data_sets!r} are not all in datasets.yml")
    rule = BatchRule(
        rule_id=entry["rule_id"],
        check=entry["check"],
        severity=str(severity),
        dimension=entry["dimension"],
        limits={limit: _number(where, limit, entry.get(limit)) for limit in limits},
    )
    return rule, data_sets


def _number(where: str, limit: str, value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or isinstance(value, bool):
        raise QualityError(f"{where}: {limit} {value!r} is no number of 0 or more")
    return number
