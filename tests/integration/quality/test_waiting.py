"""Lines that wait are left alone until what they wait for may have come."""

from dataclasses import replace

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.quality import waiting
from loyalty_lens.quality.suites import Suite, load_suite
from loyalty_lens.warehouse.connection import connected
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"


@pytest.fixture
def waiting_line(warehouse: Warehouse) -> tuple[Warehouse, int]:
    """T2 is of a customer nobody knows: its line is rejected and nothing else is wrong with it."""
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), sale("T2", customer_id="C2"))
    lines = warehouse.deliver(LINES, line(), line("2", "T2"), line("3", "T2", product_id="P2"))
    warehouse.judge()
    return warehouse, lines


def _waiting(warehouse: Warehouse, *batches: int, suite: Suite | None = None) -> set[int]:
    """The rows that the next judgement would leave alone."""
    data_set = load_data_sets()[LINES]
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        found = waiting.find(cursor, data_set, suite or load_suite(LINES), list(batches))
        if not found:
            return set()
        cursor.execute("select _row_number from judge.store_sales_line_items__waiting")
        rows = {row for (row,) in cursor.fetchall()}
        connection.rollback()
    return rows


def test_lines_wait_until_one_of_their_faults_is_mended(
    waiting_line: tuple[Warehouse, int],
) -> None:
    warehouse, lines = waiting_line
    assert _waiting(warehouse) == {2, 3}
    warehouse.deliver("products", {"product_id": "P2"})
    warehouse.judge()
    assert warehouse.rejected(LINES)[lines, 3] == ["header_rejected"]
    assert _waiting(warehouse) == {2, 3}


def test_line_of_a_return_does_not_wait(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(
        HEADER, sale(), sale("R1", transaction_type="RETURN", original_transaction_id="T1")
    )
    warehouse.deliver(LINES, line(), line("1", "R1", quantity="5"))
    warehouse.judge()
    assert set(map(tuple, warehouse.rejected(LINES).values())) == {("return_exceeds_sale",)}
    assert _waiting(warehouse) == set()


def test_line_without_header_waits_until_a_header_comes(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale())
    lines = warehouse.deliver(LINES, line("1", "T8"), line("1", "T9"))
    warehouse.judge()
    assert set(map(tuple, warehouse.rejected(LINES).values())) == {("header_missing",)}
    assert _waiting(warehouse) == {1, 2}
    warehouse.deliver(HEADER, sale("T8"), sale("T9", customer_id="C2"))
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(lines, 2): ["header_rejected"]}
    assert _waiting(warehouse) == {2}
    warehouse.check_counts()


def test_line_of_an_unknown_product_waits_until_the_product_comes(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale())
    lines = warehouse.deliver(
        LINES, line("1", product_id="P2"), line("2", product_id="P3"), line("3")
    )
    warehouse.judge()
    assert _waiting(warehouse) == {1, 2}
    warehouse.deliver("products", {"product_id": "P2"})
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(lines, 2): ["unknown_product"]}
    warehouse.check_counts()


def test_line_whose_key_is_taken_waits_until_the_other_goes(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale())
    first = warehouse.deliver(LINES, line())
    second = warehouse.deliver(LINES, line(quantity="7", line_item_amount="70"))
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(second, 1): ["duplicate_key"]}
    assert _waiting(warehouse) == {1}
    warehouse.query(
        "update ops.load_batches set status = 'superseded' where batch_id = %s returning 1", first
    )
    assert _waiting(warehouse) == set()
    warehouse.judge()
    assert warehouse.rejected(LINES) == {}


def test_nothing_waits_where_a_rule_of_ones_own_rejects_by_what_was_looked_up(
    waiting_line: tuple[Warehouse, int],
) -> None:
    warehouse, _ = waiting_line
    suite = load_suite(LINES)
    rules = [
        replace(rule, severity="reject") if rule.rule_id == "unknown_promotion" else rule
        for rule in suite.rules
    ]
    assert _waiting(warehouse, suite=replace(suite, rules=tuple(rules))) == set()


def test_they_are_judged_again_once_one_row_of_the_header_counts(
    waiting_line: tuple[Warehouse, int],
) -> None:
    warehouse, lines = waiting_line
    warehouse.deliver(HEADER, sale("T2"))
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(lines, 3): ["unknown_product"]}
    assert _waiting(warehouse) == {3}
    warehouse.check_counts()


def test_line_that_comes_again_repeats_the_one_that_waits(
    waiting_line: tuple[Warehouse, int],
) -> None:
    warehouse, lines = waiting_line
    again = warehouse.deliver(LINES, line("2", "T2"))
    assert _waiting(warehouse, again) == set()
    warehouse.judge()
    assert warehouse.duplicates(LINES) == {(again, 1): (lines, 2)}
    warehouse.check_counts()
