"""Returns that name no sale: their lines take back the newest sales before them, or wait."""

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing.supersession import close
from loyalty_lens.warehouse.connection import connected
from tests.integration.quality.warehouse import Row, Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"


def back(number: str = "U1", date: str = "2026-01-09", **values: str | None) -> Row:
    """A return that names no sale."""
    return sale(number, transaction_type="RETURN", transaction_date=date, **values)


def statuses(warehouse: Warehouse) -> tuple[dict[str, str], dict[str, str]]:
    """Of headers and lines: the rules that reject it, or ''; by transaction, or it and the line."""
    warehouse.check_counts()
    found = []
    for data_set, key in ((HEADER, "transaction_id"), (LINES, "transaction_id || line_item_id")):
        rows = warehouse.query(
            f"select {key}, '' from accepted.{data_set} where {key} ~ '^U'"
            f" union all select {key}, array_to_string(rule_ids, ',') from reject.{data_set}"
            f" where {key} ~ '^U' and status = 'open'"
        )
        found.append(dict(rows))
        assert len(rows) == len(found[-1])
    return found[0], found[1]


def test_sale_and_return_of_one_file_are_matched(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), back())
    warehouse.deliver(LINES, line(), line("1", "U1", quantity="-1", line_item_amount="-10"))
    report = warehouse.judge()
    assert statuses(warehouse) == ({"U1": ""}, {"U11": ""})
    assert report.replayed == 0


def test_a_return_takes_several_sales_all_it_asks_for_or_nothing(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale("T1"), sale("T2"), back("U1"), back("U2"), back("U3"))
    warehouse.deliver(
        LINES,
        line("1", "T1", quantity="2"),
        line("1", "T2", quantity="2"),
        line("1", "U1", quantity="3"),
        line("1", "U2", quantity="2"),
        line("1", "U3", quantity="1"),
    )
    warehouse.judge()
    assert statuses(warehouse) == (
        {"U1": "", "U2": "return_without_sale", "U3": ""},
        {"U11": "", "U21": "return_without_sale", "U31": ""},
    )


def test_a_header_counts_as_long_as_one_of_its_lines_does(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver("products", {"product_id": "P2", "product_category": "Tea"})
    warehouse.deliver(HEADER, sale("T1"), back("U1"))
    warehouse.deliver(
        LINES, line("1", "T1"), line("1", "U1", product_id="P2"), line("2", "U1", quantity="-1")
    )
    warehouse.judge()
    assert statuses(warehouse) == ({"U1": ""}, {"U11": "return_without_sale", "U12": ""})


def test_it_waits_for_its_lines_and_for_its_sale(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    header = warehouse.deliver(HEADER, back())
    warehouse.judge()
    waits = "return_without_sale"
    assert statuses(warehouse) == ({"U1": waits}, {})
    results = (
        "select sum(rows_failed)::int from ops.validation_results where batch_id = %s"
        " and rule_id = 'return_without_sale'"
    )
    assert warehouse.query(results, header) == [(1,)]
    dates = "select first_business_date::text from ops.load_batches where batch_id = %s"
    assert warehouse.query(dates, header) == [(None,)]
    warehouse.deliver(LINES, line("1", "U1"))
    assert warehouse.judge().replayed == 0
    assert statuses(warehouse) == ({"U1": waits}, {"U11": waits})
    warehouse.deliver(HEADER, sale())
    warehouse.judge()
    assert statuses(warehouse) == ({"U1": waits}, {"U11": waits})
    warehouse.deliver(LINES, line())
    assert warehouse.judge().replayed == 2
    assert statuses(warehouse) == ({"U1": ""}, {"U11": ""})
    assert warehouse.query(dates, header) == [("2026-01-09",)]
    assert warehouse.judge().replayed == 0


def test_a_sale_later_than_the_return_or_of_another_is_not_taken(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver("customer_details", {"customer_id": "C2"})
    warehouse.deliver(
        HEADER,
        sale("T1", transaction_date="2026-01-09 12:01"),
        sale("T2", customer_id="C2"),
        sale("T3", customer_id=None),
        back("U1", "2026-01-09 12:00"),
        back("U2", "2026-01-09 12:01"),
    )
    warehouse.deliver(LINES, *(line("1", number) for number in ("T1", "T2", "T3", "U1", "U2")))
    warehouse.judge()
    assert statuses(warehouse)[0] == {"U1": "return_without_sale", "U2": ""}


def test_guests_take_back_what_guests_bought_in_the_store(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver("stores", {"store_id": "S2"})
    warehouse.deliver("customer_details", {"customer_id": "C2", "customer_phone": "555"})
    warehouse.deliver(
        HEADER,
        sale("T1", customer_id=None),
        sale("T2", customer_id=None, customer_phone="555", store_id="S2"),
        back("U1", customer_id=None, store_id="S2"),
        back("U2", customer_id=None, customer_phone="77"),
        back("U3", customer_id="C2"),
    )
    numbers = ("T1", "T2", "U1", "U2", "U3")
    warehouse.deliver(LINES, *(line("1", number) for number in numbers))
    warehouse.judge()
    assert statuses(warehouse)[0] == {"U1": "return_without_sale", "U2": "", "U3": ""}


def test_an_earlier_return_that_comes_late_takes_it_from_one_accepted_before(
    warehouse: Warehouse,
) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), back("U2", "2026-01-09"))
    warehouse.deliver(LINES, line(), line("1", "U2"))
    warehouse.judge()
    assert statuses(warehouse) == ({"U2": ""}, {"U21": ""})
    warehouse.deliver(HEADER, back("U1", "2026-01-08"))
    warehouse.deliver(LINES, line("1", "U1"))
    warehouse.judge()
    lost = "return_without_sale"
    assert statuses(warehouse) == ({"U1": "", "U2": lost}, {"U11": "", "U21": lost})
    # One that names its sale is as early as its date says, too.
    warehouse.deliver(
        HEADER, sale("U0", transaction_date="2026-01-07", original_transaction_id="T1")
    )
    warehouse.deliver(LINES, line("1", "U0"))
    warehouse.judge()
    assert statuses(warehouse)[0] == {"U0": "", "U1": lost, "U2": lost}
    warehouse.deliver(HEADER, sale("T2"), sale("T3"))
    warehouse.deliver(LINES, line("1", "T2"), line("1", "T3"))
    warehouse.judge()
    assert set(statuses(warehouse)[0].values()) == {""}


def test_a_waived_return_stays_out(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, back())
    warehouse.deliver(LINES, line("1", "U1"))
    warehouse.judge()
    warehouse.query("update reject.store_sales_header set status = 'waived' returning 1")
    warehouse.deliver(HEADER, sale())
    warehouse.deliver(LINES, line())
    warehouse.judge()
    assert statuses(warehouse) == ({}, {"U11": "header_rejected"})


@pytest.mark.parametrize("gone", [HEADER, LINES])
def test_a_return_whose_sale_goes_waits_for_another(warehouse: Warehouse, gone: str) -> None:
    deliver_masters(warehouse)
    batches = {HEADER: warehouse.deliver(HEADER, sale()), LINES: warehouse.deliver(LINES, line())}
    warehouse.deliver(HEADER, back())
    warehouse.deliver(LINES, line("1", "U1"))
    warehouse.judge()
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        close(cursor, load_data_sets()[gone], batches[gone], "unloaded")
    warehouse.judge()
    lost = "return_without_sale"
    assert statuses(warehouse) == ({"U1": lost}, {"U11": lost})
    warehouse.deliver(HEADER, sale("T2"))
    warehouse.deliver(LINES, line("1", "T2"))
    warehouse.judge()
    assert statuses(warehouse) == ({"U1": ""}, {"U11": ""})


def test_a_return_whose_lines_go_waits_for_others(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), back())
    warehouse.deliver(LINES, line())
    batch = warehouse.deliver(LINES, line("1", "U1"))
    warehouse.judge()
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        close(cursor, load_data_sets()[LINES], batch, "unloaded")
    warehouse.judge()
    assert statuses(warehouse) == ({"U1": "return_without_sale"}, {})
