"""Rules of one feed beside those of every shop: `great_expectations/feeds/<feed>.yml`.

The file lists expectations by data set, each in the form of the suites (`suites.py`). An entry with
the rule, expectation and judged column of one in the suite takes its place, so that a feed can say
a rule in its own words, bounds or severity and no row counts twice for it; all others are added.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import QualityError
from loyalty_lens.quality.suites import SUITES, Rule, Suite, load_suite, read_document, read_rule

FOLDER = "feeds"


def load_suites(folder: Path = SUITES, feed: str | None = None) -> dict[str, Suite]:
    """The suite of every data set, with the rules of the feed.

    Raises QualityError naming the file and the entry.
    """
    suites = {name: load_suite(name, folder) for name in load_data_sets()}
    if feed is None:
        return suites
    own = _read(folder, feed)
    return {name: _joined(suite, own.get(name, [])) for name, suite in suites.items()}


def _read(folder: Path, feed: str) -> dict[str, list[Rule]]:
    name = f"{FOLDER}/{feed}.yml"
    by_data_set: Any = read_document(folder / name, name).get("expectations")
    if not isinstance(by_data_set, dict):
        raise QualityError(f"{name}: needs `expectations` with a list for each data set")
    rules = {}
    for data_set, entries in by_data_set.items():
        if data_set not in load_data_sets():
            raise QualityError(f"{name}: {data_set!r} is no data set of datasets.yml")
        if not isinstance(entries, list):
            raise QualityError(f"{name}: {data_set} needs a list of expectations")
        rules[data_set] = [
            read_rule(f"{name}, {data_set}", number, entry)
            for number, entry in enumerate(entries, start=1)
        ]
    return rules


def _joined(suite: Suite, own: list[Rule]) -> Suite:
    """The numbers go on after those of the suite, whose order its file keeps."""
    replaced = {_what(rule) for rule in own}
    kept = [rule for rule in suite.rules if _what(rule) not in replaced]
    first = len(suite.rules) + 1
    added = [replace(rule, number=number) for number, rule in enumerate(own, start=first)]
    return Suite(suite.data_set, (*kept, *added))


def _what(rule: Rule) -> tuple[str, str, str]:
    return rule.rule_id, rule.type, rule.judged_column
