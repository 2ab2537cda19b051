"""The suites are the only place of row rules: one word or one entry changes what counts."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loyalty_lens.errors import QualityError, SettingsError, WorkerError
from loyalty_lens.quality.suites import SUITES
from tests.integration.quality.dying import Dying
from tests.integration.quality.warehouse import Warehouse, deliver_masters, sale

HEADER = "store_sales_header"
Change = Callable[[list[dict[str, Any]]], object]


@pytest.fixture
def change(warehouse: Warehouse, tmp_path: Path) -> Callable[[str, Change], None]:
    """Edits a copy of the suites, which the warehouse uses from then on."""
    warehouse.suites = tmp_path / "great_expectations"
    shutil.copytree(SUITES, warehouse.suites)

    def edit(data_set: str, how: Change) -> None:
        path = warehouse.suites / f"{data_set}.yml"
        document = yaml.safe_load(path.read_text())
        how(document["expectations"])
        path.write_text(yaml.safe_dump(document))

    return edit


def with_severity(rule_id: str, severity: str) -> Change:
    def how(entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["meta"]["rule_id"] == rule_id:
                entry["meta"]["severity"] = severity

    return how


def own(type_: str, **kwargs: Any) -> Change:
    meta = {
        "rule_id": "own",
        "severity": "reject",
        "dimension": "validity",
        "message": "no: {value}",
    }
    return lambda entries: entries.append({"type": type_, "kwargs": kwargs, "meta": meta})


def test_severity_is_one_word(warehouse: Warehouse, change: Callable[[str, Change], None]) -> None:
    change(HEADER, with_severity("zero_amount", "reject"))
    batch = warehouse.deliver(HEADER, sale(total_amount="0"))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(batch, 1): ["zero_amount"]}


def test_rows_of_a_rule_made_a_warning_come_through(
    warehouse: Warehouse, change: Callable[[str, Change], None]
) -> None:
    batch = warehouse.deliver(HEADER, sale(total_amount="-5"))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(batch, 1): ["negative_amount"]}
    change(HEADER, with_severity("negative_amount", "warn"))
    assert warehouse.judge().replayed == 1
    assert warehouse.accepted(HEADER) == [(batch, 1)]
    warehouse.check_counts()


@pytest.mark.parametrize(
    ("type_", "kwargs", "value", "message"),
    [
        (
            "expect_column_values_to_match_regex",
            {"column": "payment_method", "regex": "^(cash|card)%?$"},
            "shells",
            "no: shells",
        ),
        (
            "expect_column_values_to_be_in_set",
            {"column": "payment_method", "value_set": ["cash", "card"]},
            "100%",
            "no: 100%",
        ),
        (
            "expect_column_value_lengths_to_be_between",
            {"column": "payment_method", "max_value": 4},
            "shells",
            "no: shells",
        ),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "payment_method", "column_B": "transaction_id"},
            "A",
            "no: A",
        ),
    ],
)
def test_own_rule_is_one_entry_in_a_suite(
    warehouse: Warehouse,
    change: Callable[[str, Change], None],
    type_: str,
    kwargs: dict[str, Any],
    value: str,
    message: str,
) -> None:
    change(HEADER, own(type_, **kwargs))
    batch = warehouse.deliver(
        HEADER, sale("A1", payment_method="card"), sale("T2", payment_method=value)
    )
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(batch, 2): ["own"]}
    assert warehouse.query("select errors -> 0 ->> 'message' from reject.store_sales_header") == [
        (message,)
    ]


def test_own_rule_that_looks_at_other_rows_too_sees_all_of_them(
    warehouse: Warehouse, change: Callable[[str, Change], None]
) -> None:
    def how(entries: list[dict[str, Any]]) -> None:
        own("expect_column_values_to_be_unique", column="payment_method")(entries)
        entries[-1]["meta"]["severity"] = "warn"

    change(HEADER, how)
    rows = [("T1", "card"), ("T2", "cash"), ("T3", "card"), ("T4", None)]
    warehouse.deliver(HEADER, *(sale(name, payment_method=how_paid) for name, how_paid in rows))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {}
    assert warehouse.warned(HEADER) == {"own": 2}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (own("expect_nothing", column="store_id"), "there is no expect_nothing"),
        (
            own("expect_column_values_to_be_between", column="total_amount", min_valu=1),
            "min_valu extra fields not permitted",
        ),
        (own("expect_column_values_to_not_be_null", column="stoer_id"), '"stoer_id"'),
        (own("expect_column_mean_to_be_between", column="total_amount"), "judges a whole table"),
        (
            lambda entries: entries.append(
                {
                    "type": "expect_column_values_to_be_null",
                    "kwargs": {"column": "store_id"},
                    "meta": {
                        "rule_id": "own",
                        "severity": "reject",
                        "dimension": "validity",
                        "message": "{no_such_column}",
                    },
                }
            ),
            "no_such_column",
        ),
    ],
)
def test_wrong_own_rule_names_file_and_entry_and_judges_nothing(
    warehouse: Warehouse, change: Callable[[str, Change], None], how: Change, message: str
) -> None:
    change(HEADER, how)
    warehouse.deliver(HEADER, sale())
    with pytest.raises(QualityError) as caught:
        warehouse.judge()
    assert str(caught.value).startswith("great_expectations/store_sales_header.yml, entry ")
    assert "(own): " in str(caught.value) and message in str(caught.value)
    assert "\n" not in str(caught.value)
    warehouse.suites = SUITES
    warehouse.judge()
    assert len(warehouse.accepted(HEADER)) == 1


def test_time_zone_that_does_not_exist_is_named(warehouse: Warehouse) -> None:
    with pytest.raises(SettingsError, match="LENS_DEFAULT_TIME_ZONE is 'Mars/Base'"):
        warehouse.judge(default_time_zone="Mars/Base")


def test_helper_that_dies_leaves_batches_to_the_next_run(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), sale("T2", customer_id="C9"))

    living = warehouse.worker
    for calls in (0, 2, 3):
        warehouse.worker = Dying(living, calls)
        with pytest.raises(WorkerError):
            warehouse.judge()
    assert warehouse.accepted(HEADER) == [] and warehouse.rejected(HEADER) == {}
    warehouse.worker = living
    warehouse.judge()
    assert len(warehouse.accepted(HEADER)) == 1
    assert list(warehouse.rejected(HEADER).values()) == [["unknown_customer"]]
    assert warehouse.query(
        "select count(*)::int from ops.load_batches where validated_at is null"
        " or business_date is null"
    ) == [(0,)]
    warehouse.check_counts()
