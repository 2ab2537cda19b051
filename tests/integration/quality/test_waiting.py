"""Lines of a rejected header are left alone until something happens to their header."""

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.quality import waiting
from loyalty_lens.quality.suites import load_suite
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


def _waiting(warehouse: Warehouse, *batches: int) -> set[int]:
    """The rows that the next judgement would leave alone."""
    data_set = load_data_sets()[LINES]
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        found = waiting.find(cursor, data_set, load_suite(LINES), list(batches))
        if not found:
            return set()
        cursor.execute("select _row_number from judge.store_sales_line_items__waiting")
        rows = {row for (row,) in cursor.fetchall()}
        connection.rollback()
    return rows


def test_only_lines_with_no_other_fault_wait(waiting_line: tuple[Warehouse, int]) -> None:
    warehouse, lines = waiting_line
    assert _waiting(warehouse) == {2}
    warehouse.deliver("products", {"product_id": "P2"})
    warehouse.judge()
    assert warehouse.rejected(LINES)[lines, 3] == ["header_rejected"]
    assert _waiting(warehouse) == {2, 3}


def test_they_are_judged_again_once_one_row_of_the_header_counts(
    waiting_line: tuple[Warehouse, int],
) -> None:
    warehouse, lines = waiting_line
    warehouse.deliver(HEADER, sale("T2"))
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(lines, 3): ["unknown_product"]}
    assert _waiting(warehouse) == set()
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
