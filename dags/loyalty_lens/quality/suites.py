"""Expectation suites: one file per data set under `great_expectations/`, read and checked here.

A file lists its expectations; each has `type` and `kwargs` of Great Expectations and `meta`:

- `rule_id`: the word that names the rule in rejects and results; several entries may share it;
- `severity`: `reject` (the row does not count) or `warn` (it is counted in the results only);
- `dimension`: completeness, uniqueness, validity, consistency, timeliness or accuracy;
- `replayable` (default false): a later delivery can mend it, so open rejects are judged again;
- `message`: what is wrong and what to do; `{value}` and `{any judged column}` are filled in;
- `column`: what to call the column in the error where the expectation judges a derived fact;
- `phase` (default 1): 2 judges returns against the sales that passed phase 1, 3 keys that several
  rows share among those that passed phases 1 and 2.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loyalty_lens.errors import QualityError
from loyalty_lens.settings import PROJECT_ROOT
from loyalty_lens.yaml_text import YAMLError, read_yaml

SUITES = PROJECT_ROOT / "great_expectations"
SEVERITIES = ("reject", "warn")
DIMENSIONS = (
    "completeness",
    "uniqueness",
    "validity",
    "consistency",
    "timeliness",
    "accuracy",
)
PHASES = (1, 2, 3)
META = {
    "rule_id",
    "severity",
    "dimension",
    "replayable",
    "message",
    "column",
    "phase",
}
# Great Expectations leaves these out of the query that names the failing rows.
FORBIDDEN = {"row_condition", "condition_parser", "mostly"}


# Whether a row fails these depends on the row alone.
ROW_BY_ROW = {
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_be_between",
    "expect_column_value_lengths_to_be_between",
    "expect_column_value_lengths_to_equal",
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_match_regex",
    "expect_column_values_to_match_like_pattern",
    "expect_column_values_to_not_match_like_pattern",
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
}


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite; `number` is its place in the file, from 1."""

    number: int
    where: str
    type: str
    kwargs: dict[str, Any]
    rule_id: str
    severity: str
    dimension: str
    replayable: bool
    message: str
    judged_column: str
    column: str
    phase: int


@dataclass(frozen=True)
class Suite:
    """The rules of one data set, in the order of the file."""

    data_set: str
    rules: tuple[Rule, ...] = field(default=())

    def of_phase(self, phase: int) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.phase == phase)

    def is_row_by_row(self, phase: int) -> bool:
        """Whether nothing but a row itself, with its facts, decides what it fails in the phase."""
        return all(rule.type in ROW_BY_ROW for rule in self.of_phase(phase))

    @property
    def final_rule_ids(self) -> list[str]:
        """Rules whose rejects stay: nothing that arrives later can mend them."""
        return sorted(
            {
                rule.rule_id
                for rule in self.rules
                if rule.severity == "reject" and not rule.replayable
            }
        )


def load_suite(data_set: str, folder: Path = SUITES) -> Suite:
    """The suite `<folder>/<data set>.yml`. Raises QualityError naming the file and the entry."""
    path = folder / f"{data_set}.yml"
    name = f"{folder.name}/{path.name}"
    entries = read_entries(path, name, "expectations")
    return Suite(
        data_set,
        tuple(read_rule(name, number, entry) for number, entry in enumerate(entries, start=1)),
    )


def read_entries(path: Path, name: str, key: str) -> list[Any]:
    """The list under `key` of a YAML file. Raises QualityError that calls the file `name`."""
    entries = read_document(path, name).get(key)
    if not isinstance(entries, list):
        raise QualityError(f"{name}: needs a list `{key}`")
    return entries


def read_document(path: Path, name: str) -> dict[str, Any]:
    """A YAML file; empty where it is no mapping. Raises QualityError that calls it `name`."""
    try:
        document = read_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise QualityError(f"{name}: cannot be read ({error.strerror})") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise QualityError(f"{name}: is not YAML ({' '.join(str(error).split())})") from error
    return document if isinstance(document, dict) else {}


def read_rule(name: str, number: int, entry: object) -> Rule:
    """The `number`-th entry of the file `name`. Raises QualityError where it is wrong."""
    where = f"{name}, entry {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("meta"), dict):
        raise QualityError(f"{where}: needs `type`, `kwargs` and `meta`")
    meta = entry["meta"]
    if isinstance(meta.get("rule_id"), str):
        where = f"{where} ({meta['rule_id']})"
    kwargs = entry.get("kwargs", {})
    _check_entry(where, entry, kwargs, meta)
    judged = (
        kwargs.get("column") or kwargs.get("column_A") or (kwargs.get("column_list") or [""])[0]
    )
    if not judged or judged in ("_batch_id", "_row_number"):
        raise QualityError(f"{where}: must judge a column, so that the failing rows can be named")
    return Rule(
        number=number,
        where=where,
        type=entry["type"],
        kwargs=kwargs,
        rule_id=meta["rule_id"],
        severity=meta["severity"],
        dimension=meta["dimension"],
        replayable=bool(meta.get("replayable", False)),
        message=meta.get("message") or f"{meta['rule_id'].replace('_', ' ')}: {{value}}",
        judged_column=judged,
        column=meta.get("column") or re.sub(r"^_unreadable_", "", judged),
        phase=meta.get("phase", 1),
    )


def _check_entry(where: str, entry: dict[str, Any], kwargs: Any, meta: dict[str, Any]) -> None:
    if not isinstance(entry.get("type"), str) or not isinstance(kwargs, dict):
        raise QualityError(f"{where}: `type` is a name and `kwargs` its parameters")
    unknown = (set(meta) - META) | (set(entry) - {"type", "kwargs", "meta"})
    if unknown:
        raise QualityError(f"{where}: {sorted(unknown)[0]!r} is not known here")
    if not isinstance(meta.get("rule_id"), str) or not meta["rule_id"]:
        raise QualityError(f"{where}: meta needs a `rule_id`")
    for key, allowed in (("severity", SEVERITIES), ("dimension", DIMENSIONS)):
        if meta.get(key) not in allowed:
            raise QualityError(f"{where}: {key} {meta.get(key)!r} is none of {', '.join(allowed)}")
    if meta.get("phase", 1) not in PHASES:
        raise QualityError(f"{where}: phase {meta['phase']!r} is none of 1, 2, 3")
    forbidden = FORBIDDEN & set(kwargs)
    if forbidden:
        raise QualityError(
            f"{where}: {sorted(forbidden)[0]} cannot be used, every row is judged by itself;"
            " add a fact column instead"
        )
    if any("'" in text for text in _texts(kwargs)):
        raise QualityError(
            f"{where}: a value holds an apostrophe, which the row query cannot carry"
        )
    if "unique" in entry["type"] and meta["severity"] == "reject":
        raise QualityError(
            f"{where}: {entry['type']} names all copies, the first one too;"
            " use severity warn, or _key_rank as in duplicate_key"
        )


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
