"""Rules of one feed: what ships, how they join the suites, and what a wrong file says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import QualityError
from loyalty_lens.quality.feeds import FOLDER, load_suites
from loyalty_lens.quality.suites import SUITES, load_suite

SHIPPED = sorted(path.stem for path in (SUITES / FOLDER).glob("*.yml"))


def entry(rule_id: str, column: str, *, severity: str = "reject", **bounds: Any) -> dict[str, Any]:
    return {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": column, **bounds},
        "meta": {"rule_id": rule_id, "severity": severity, "dimension": "validity"},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Suites of one rule each, and an empty folder for feeds."""
    for name in load_data_sets():
        suite = {"expectations": [entry("too_small", "size", min_value=0)]}
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(suite))
    (tmp_path / FOLDER).mkdir()
    return tmp_path


def add(folder: Path, content: Any) -> None:
    (folder / FOLDER / "own.yml").write_text(
        content if isinstance(content, str) else yaml.safe_dump({"expectations": content})
    )


@pytest.mark.parametrize("feed", SHIPPED)
def test_shipped_feeds_can_be_read_and_judge_every_row_by_itself(feed: str) -> None:
    suites = load_suites(feed=feed)
    assert suites != load_suites()
    assert all(suite.is_row_by_row(1) for suite in suites.values())
    for suite in suites.values():
        numbers = [rule.number for rule in suite.rules]
        assert len(numbers) == len(set(numbers))


def test_without_a_feed_the_suites_are_as_they_are() -> None:
    assert load_suites() == {name: load_suite(name) for name in load_data_sets()}


def test_a_rule_is_added_to_its_data_set_alone(folder: Path) -> None:
    add(folder, {"stores": [entry("too_large", "size", max_value=9)]})
    suites = load_suites(folder, "own")
    assert [rule.rule_id for rule in suites["stores"].rules] == ["too_small", "too_large"]
    assert [rule.rule_id for rule in suites["products"].rules] == ["too_small"]
    assert suites["stores"].final_rule_ids == ["too_large", "too_small"]


def test_the_same_rule_of_the_feed_takes_the_place_of_the_general_one(folder: Path) -> None:
    add(folder, {"stores": [entry("too_small", "size", severity="warn", min_value=5)]})
    (rule,) = load_suites(folder, "own")["stores"].rules
    assert (rule.kwargs["min_value"], rule.severity) == (5, "warn")


def test_the_same_rule_about_another_column_stays_beside_it(folder: Path) -> None:
    add(folder, {"stores": [entry("too_small", "height", min_value=0)]})
    assert len(load_suites(folder, "own")["stores"].rules) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [", "feeds/own.yml: is not YAML"),
        ("- a", "feeds/own.yml: needs `expectations` with a list for each data set"),
        ([], "feeds/own.yml: needs `expectations` with a list for each data set"),
        ({"shops": []}, "feeds/own.yml: 'shops' is no data set of datasets.yml"),
        ({"stores": 1}, "feeds/own.yml: stores needs a list of expectations"),
        ({"stores": ["text"]}, "feeds/own.yml, stores, entry 1: needs `type`"),
    ],
)
def test_a_wrong_file_is_named_on_one_line(folder: Path, content: Any, message: str) -> None:
    add(folder, content)
    with pytest.raises(QualityError) as caught:
        load_suites(folder, "own")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
