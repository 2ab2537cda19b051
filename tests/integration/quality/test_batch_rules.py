"""Rules about whole batches: what is told, what is held, and how a held batch comes through."""

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loyalty_lens.errors import QualityError, StewardshipError
from loyalty_lens.landing.supersession import supersede
from loyalty_lens.quality.batch_suite import FILE, load_batch_rules
from loyalty_lens.quality.suites import SUITES
from loyalty_lens.stewardship.releasing import release
from loyalty_lens.stewardship.selection import named_data_set
from loyalty_lens.warehouse.connection import connected
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"
MONDAY = dt.date(2026, 1, 5)
Rules = Callable[..., None]
COUNT = {
    "rule_id": "few",
    "check": "row_count",
    "severity": "stop",
    "dimension": "completeness",
    "data_sets": [HEADER],
    "min_share": 0.5,
    "max_share": 2,
    "min_history": 2,
}
RATIO = {
    "rule_id": "many_rejects",
    "check": "reject_ratio",
    "severity": "stop",
    "dimension": "validity",
    "data_sets": [HEADER],
    "max_ratio": 0.5,
    "min_rows": 3,
}
FRESH = {
    "rule_id": "stale",
    "check": "freshness",
    "severity": "stop",
    "dimension": "timeliness",
    "data_sets": [HEADER],
    "max_days": 3,
}


@pytest.fixture
def rules(warehouse: Warehouse, tmp_path: Path) -> Rules:
    """Puts rules in the place of those of batches.yml."""
    warehouse.suites = tmp_path / "great_expectations"
    shutil.copytree(SUITES, warehouse.suites)

    def write(*entries: dict[str, Any]) -> None:
        (warehouse.suites / FILE).write_text(yaml.safe_dump({"rules": list(entries)}))

    return write


def day(warehouse: Warehouse, date: dt.date, count: int, store: str = "", **batch: Any) -> int:
    """A dated file of headers with so many sales of that day."""
    sales = [
        sale(f"{date:%m%d}{store}-{n}", transaction_date=date.isoformat()) for n in range(count)
    ]
    path = f"{date.isoformat()}/store_sales_header{store}.csv"
    return warehouse.deliver(
        HEADER, *sales, file_date=date, path_key=path, source_file=path, **batch
    )


def states(warehouse: Warehouse) -> dict[int, str]:
    return dict(
        warehouse.query(
            "select batch_id::int, status from ops.load_batches where data_set = %s", HEADER
        )
    )


def results(warehouse: Warehouse, rule_id: str) -> list[tuple[int, str, int, int]]:
    return [
        (row[0], row[1], row[2], row[3])
        for row in warehouse.query(
            "select batch_id::int, severity, rows_evaluated::int, rows_failed::int"
            " from ops.validation_results where rule_id = %s order by validated_at, batch_id",
            rule_id,
        )
    ]


def check_counts(warehouse: Warehouse) -> None:
    """Nothing is lost, in held batches either."""
    warehouse.check_counts()
    assert (
        warehouse.query(
            "select batch_id from ops.load_batches where status = 'held' and rows_read"
            " <> rows_accepted + rows_rejected + rows_duplicate + rows_malformed"
        )
        == []
    )


def test_a_day_with_too_few_rows_is_held_and_the_rest_goes_on(
    warehouse: Warehouse, rules: Rules
) -> None:
    rules(COUNT)
    deliver_masters(warehouse)
    for weeks in (3, 2, 1):
        day(warehouse, MONDAY - dt.timedelta(weeks=weeks), 4)
        day(warehouse, MONDAY - dt.timedelta(weeks=weeks), 1, "_small")
        day(warehouse, MONDAY - dt.timedelta(days=7 * weeks + 1), 40)  # Sundays
    warehouse.judge()
    short = day(warehouse, MONDAY, 1)
    small = day(warehouse, MONDAY, 1, "_small")
    lines = warehouse.deliver(LINES, line("1", "0105-0"), line("1", "0105_small-0"))
    report = warehouse.judge()
    assert [(batch, told.partition(", ")[2]) for batch, told in report.held] == [
        (
            short,
            "1 rows where the same weekday has 4 (few); correct the file, or let it through:"
            f" lens release {short}",
        )
    ]
    assert states(warehouse)[short] == "held" and states(warehouse)[small] == "validated"
    assert (short, 1) not in warehouse.accepted(HEADER)
    assert warehouse.rejected(LINES) == {(lines, 1): ["header_missing"]}
    assert results(warehouse, "few")[-2:] == [(short, "stop", 1, 1), (small, "stop", 1, 0)]
    check_counts(warehouse)
    assert warehouse.judge().held == report.held  # a second run changes nothing
    assert warehouse.query("select max(last_business_date)::text from ops.load_batches") == [
        ("2026-01-05",)
    ]

    assert release(warehouse.url, short, "public holiday") == "2026-01-05/store_sales_header.csv"
    report = warehouse.judge()
    assert report.held == () and report.replayed == 1
    assert (short, 1) in warehouse.accepted(HEADER)
    assert warehouse.rejected(LINES) == {}
    assert results(warehouse, "few")[-1] == (short, "stop", 1, 0)
    assert warehouse.query("select action, reason, batch_id::int from ops.audit_log") == [
        ("release", "public holiday", short)
    ]
    warehouse.query("update ops.load_batches set status = 'loaded' where batch_id = %s", short)
    assert warehouse.judge().held == ()  # judged again for another reason, it stays through
    check_counts(warehouse)
    with pytest.raises(StewardshipError, match=f"batch {short} is validated, not held"):
        release(warehouse.url, short, "again")
    with pytest.raises(StewardshipError, match="there is no batch 999"):
        release(warehouse.url, 999, "again")


def test_nothing_that_others_owed_to_a_held_batch_counts(
    warehouse: Warehouse, rules: Rules
) -> None:
    """Repeated rows, lost keys and returns are judged as if the held batch had not come."""
    rules(RATIO)
    deliver_masters(warehouse)
    early = warehouse.deliver(HEADER, sale("R1", original_transaction_id="T1"))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(early, 1): ["return_without_sale"]}
    bad = (sale(f"X{n}", total_amount="x") for n in range(5))
    broken = warehouse.deliver(HEADER, sale("T1"), sale("T2"), sale("T3"), *bad)
    other = warehouse.deliver(
        HEADER,
        sale("T2"),
        sale("T3", total_amount="4"),
        sale("R2", original_transaction_id="T1"),
    )
    report = warehouse.judge()
    assert [batch for batch, _ in report.held] == [broken]
    assert "5 of 8 rows rejected (many_rejects)" in report.held[0][1]
    assert warehouse.accepted(HEADER) == [(other, 1), (other, 2)]
    assert warehouse.duplicates(HEADER) == {}
    assert warehouse.rejected(HEADER)[early, 1] == ["return_without_sale"]
    assert warehouse.rejected(HEADER)[other, 3] == ["return_without_sale"]
    check_counts(warehouse)
    release(warehouse.url, broken, "known defect of the till")
    warehouse.judge()
    assert warehouse.duplicates(HEADER) == {(broken, 2): (other, 1)}
    assert warehouse.rejected(HEADER)[broken, 3] == ["duplicate_key"]
    assert {(early, 1), (other, 3), (broken, 1)} <= set(warehouse.accepted(HEADER))
    check_counts(warehouse)


def test_a_corrected_file_takes_the_place_of_a_held_one(warehouse: Warehouse, rules: Rules) -> None:
    rules(FRESH)
    old = warehouse.deliver(HEADER, sale(), file_date=MONDAY + dt.timedelta(days=4))
    fresh = warehouse.deliver(HEADER, sale("T2"), file_date=MONDAY + dt.timedelta(days=3))
    undated = warehouse.deliver(HEADER, sale("T3"))
    report = warehouse.judge()
    assert [batch for batch, _ in report.held] == [old]
    assert "dated 2026-01-09, its newest rows are of 2026-01-05 (stale)" in report.held[0][1]
    assert results(warehouse, "stale") == [(old, "stop", 1, 1), (fresh, "stop", 1, 0)]
    new = warehouse.deliver(HEADER, sale(transaction_date="2026-01-09"), file_date="2026-01-09")
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        supersede(cursor, named_data_set(HEADER), old, new)
    assert warehouse.judge().held == ()
    assert warehouse.accepted(HEADER) == [(fresh, 1), (undated, 1), (new, 1)]


def test_a_warning_holds_nothing_and_a_later_entry_holds_for_its_data_sets(
    warehouse: Warehouse, rules: Rules
) -> None:
    everywhere = {key: value for key, value in RATIO.items() if key != "data_sets"}
    rules({**everywhere, "severity": "warn"}, {**RATIO, "max_ratio": 0.9})
    headers = warehouse.deliver(HEADER, *(sale("", total_amount=str(n)) for n in range(3)))
    lines = warehouse.deliver(LINES, *(line("", quantity=f"x{n}") for n in range(3)))
    report = warehouse.judge()
    assert [batch for batch, _ in report.held] == [headers]
    assert report.warnings[LINES, "many_rejects"] == 1
    assert (lines, "warn", 1, 1) in results(warehouse, "many_rejects")
    rules({**RATIO, "severity": "off"})
    assert load_batch_rules(warehouse.suites)[HEADER] == ()


def test_as_delivered_no_rule_stops_a_batch() -> None:
    of_data_sets = load_batch_rules(SUITES)
    assert {rule.rule_id for rules in of_data_sets.values() for rule in rules} == {
        "unusual_row_count",
        "too_many_rejects",
        "stale_delivery",
    }
    assert {rule.severity for rules in of_data_sets.values() for rule in rules} == {"warn"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"check": "weather"}, "check 'weather' is none of row_count, reject_ratio, freshness"),
        ({"severity": "reject"}, "severity 'reject' is none of off, warn, stop"),
        ({"max_days": -1}, "max_days -1 is no number of 0 or more"),
        ({"max_ratio": 1}, "'max_ratio' is not known here"),
        ({"data_sets": ["sales"]}, "data_sets ['sales'] are not all in datasets.yml"),
        ({"rule_id": None}, "needs a `rule_id`"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    (tmp_path / FILE).write_text(yaml.safe_dump({"rules": [FRESH | change]}))
    with pytest.raises(QualityError) as caught:
        load_batch_rules(tmp_path)
    assert f"/{FILE}, entry 1" in str(caught.value) and message in str(caught.value)
