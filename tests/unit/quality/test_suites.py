"""Suites: what ships, and what a wrong file says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import QualityError
from loyalty_lens.quality.suites import SUITES, load_suite

# The rules of the design, by data set; everything else in a suite is a warning.
REJECTING = {
    "stores": {"missing_key"},
    "products": {"missing_key"},
    "customer_details": {"missing_key"},
    "customer_merges": {"missing_key", "unknown_customer"},
    "promotion_details": {"missing_key", "missing_field", "bad_date", "bad_discount"},
    "loyalty_rules": {"missing_key", "missing_field", "bad_rule"},
    "store_sales_header": {
        "missing_key",
        "missing_field",
        "bad_date",
        "date_out_of_range",
        "bad_amount",
        "negative_amount",
        "unknown_store",
        "unknown_customer",
        "wrong_currency",
        "return_without_sale",
        "return_before_sale",
        "duplicate_key",
    },
    "store_sales_line_items": {
        "missing_key",
        "missing_field",
        "bad_quantity",
        "bad_amount",
        "quantity_not_positive",
        "negative_amount",
        "header_missing",
        "header_rejected",
        "unknown_product",
        "return_without_sale",
        "return_exceeds_sale",
        "duplicate_key",
    },
    "points_events": {
        "missing_key",
        "missing_field",
        "bad_date",
        "date_out_of_range",
        "bad_amount",
        "bad_value",
        "unknown_customer",
        "duplicate_key",
    },
    "store_inventory": {
        "missing_key",
        "missing_field",
        "bad_date",
        "date_out_of_range",
        "bad_quantity",
        "unknown_store",
        "unknown_product",
        "duplicate_key",
    },
}
REPLAYABLE = {
    "unknown_store",
    "unknown_customer",
    "unknown_product",
    "header_missing",
    "header_rejected",
    "return_without_sale",
    "return_before_sale",
    "return_exceeds_sale",
    "duplicate_key",
}
GOOD: dict[str, Any] = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "store_id"},
    "meta": {"rule_id": "missing_key", "severity": "reject", "dimension": "completeness"},
}


@pytest.mark.parametrize("data_set", load_data_sets())
def test_shipped_suite_rejects_by_the_rules_of_the_design(data_set: str) -> None:
    suite = load_suite(data_set)
    rejecting = {rule.rule_id for rule in suite.rules if rule.severity == "reject"}
    assert rejecting == REJECTING[data_set]
    assert set(suite.final_rule_ids) == rejecting - REPLAYABLE


@pytest.mark.parametrize("data_set", load_data_sets())
def test_no_entry_mixes_severities_under_one_rule_and_column(data_set: str) -> None:
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for rule in load_suite(data_set).rules:
        found.setdefault((rule.rule_id, rule.column), set()).add((rule.severity, ""))
    assert all(len(severities) == 1 for severities in found.values())


def test_every_suite_belongs_to_a_data_set() -> None:
    rules_about_whole_batches = "batches"
    suites = {path.stem for path in SUITES.glob("*.yml")} - {rules_about_whole_batches}
    assert suites == set(load_data_sets())
    assert not (SUITES / "__init__.py").exists(), "it would shadow the library"


def changed(**changes: Any) -> dict[str, Any]:
    meta = {**GOOD["meta"], **changes.pop("meta", {})}
    return {**GOOD, "meta": {key: value for key, value in meta.items() if value}, **changes}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("text", "needs `type`, `kwargs` and `meta`"),
        (changed(meta={"severity": "fatal"}), "severity 'fatal' is none of reject, warn"),
        (changed(meta={"dimension": None}), "dimension None is none of"),
        (changed(meta={"rule_id": None}), "needs a `rule_id`"),
        (changed(meta={"phase": 4}), "phase 4 is none of 1, 2, 3"),
        (changed(meta={"severty": "warn"}), "'severty' is not known here"),
        (changed(kwargs={"column": "store_id", "mostly": 0.9}), "mostly cannot be used"),
        (changed(kwargs={"column": "a", "row_condition": "b"}), "row_condition cannot be used"),
        (changed(kwargs={"column": "a", "value_set": ["it's"]}), "holds an apostrophe"),
        (changed(kwargs={"min_value": 1}), "must judge a column"),
        (changed(kwargs={"column": "_row_number"}), "must judge a column"),
        (changed(type="expect_column_values_to_be_unique"), "names all copies"),
    ],
)
def test_wrong_entry_is_named_on_one_line(tmp_path: Path, entry: Any, message: str) -> None:
    (tmp_path / "stores.yml").write_text(yaml.safe_dump({"expectations": [GOOD, entry]}))
    with pytest.raises(QualityError) as caught:
        load_suite("stores", tmp_path)
    assert str(caught.value).startswith(f"{tmp_path.name}/stores.yml, entry 2")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "is not YAML"), ("- a", "needs a list"), ("expectations: 1", "needs a list")],
)
def test_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "stores.yml").write_text(text)
    with pytest.raises(QualityError, match=f"stores.yml: .*{message}"):
        load_suite("stores", tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match=r"stores\.yml: cannot be read"):
        load_suite("stores", tmp_path)


def test_column_of_an_error_is_the_delivered_one(tmp_path: Path) -> None:
    entry = changed(kwargs={"column": "_unreadable_opening_date"})
    (tmp_path / "stores.yml").write_text(yaml.safe_dump({"expectations": [entry]}))
    (rule,) = load_suite("stores", tmp_path).rules
    assert (rule.column, rule.judged_column) == ("opening_date", "_unreadable_opening_date")
    assert rule.message == "missing key: {value}"
