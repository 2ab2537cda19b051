"""Rejects that a later delivery mends come through on their own; closed ones stay out."""

import json

from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"


def test_sales_of_a_customer_that_arrives_later_are_replayed(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    batch = warehouse.deliver(HEADER, sale(), sale("T2", customer_id="C2"))
    lines = warehouse.deliver(LINES, line(), line("1", "T2"))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(batch, 2): ["unknown_customer"]}
    assert warehouse.rejected(LINES) == {(lines, 2): ["header_rejected"]}

    warehouse.deliver("customer_details", {"customer_id": "C2"})
    report = warehouse.judge()
    assert report.replayed == 2
    assert warehouse.accepted(HEADER) == [(batch, 1), (batch, 2)]
    assert warehouse.accepted(LINES) == [(lines, 1), (lines, 2)]
    assert warehouse.query(
        "select status, resolved_at is not null from reject.store_sales_header"
    ) == [("replayed", True)]
    assert warehouse.query(
        "select rows_accepted, rows_rejected from ops.load_batches where batch_id = %s", batch
    ) == [(2, 0)]
    warehouse.check_counts()


def test_replayed_rows_widen_the_dates_of_their_batch(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    batch = warehouse.deliver(
        HEADER, sale(), sale("T2", customer_id="C2", transaction_date="2026-01-09")
    )
    warehouse.judge()
    dates = "select first_business_date::text, last_business_date::text from ops.load_batches"
    assert warehouse.query(f"{dates} where batch_id = {batch}") == [("2026-01-05", "2026-01-05")]
    warehouse.deliver("customer_details", {"customer_id": "C2"})
    warehouse.judge()
    assert warehouse.query(f"{dates} where batch_id = {batch}") == [("2026-01-05", "2026-01-09")]


def test_lines_come_through_when_their_header_and_product_arrive(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale())
    lines = warehouse.deliver(LINES, line("1", "T2"), line("2", "T1", product_id="P2"))
    warehouse.judge()
    assert set(warehouse.rejected(LINES)) == {(lines, 1), (lines, 2)}
    warehouse.deliver(HEADER, sale("T2"))
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(lines, 2): ["unknown_product"]}
    warehouse.deliver("products", {"product_id": "P2"})
    warehouse.judge()
    assert warehouse.rejected(LINES) == {}
    warehouse.check_counts()


def test_row_with_a_final_rule_stays_and_its_other_reasons_with_it(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    batch = warehouse.deliver(HEADER, sale(customer_id="C2", total_amount="x"))
    warehouse.judge()
    warehouse.deliver("customer_details", {"customer_id": "C2"})
    assert warehouse.judge().replayed == 0
    assert warehouse.rejected(HEADER) == {(batch, 1): ["bad_amount", "unknown_customer"]}


def test_open_reject_says_what_still_stands_in_its_way(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(customer_id="C2", store_id="S2"))
    warehouse.judge()
    warehouse.deliver("customer_details", {"customer_id": "C2"})
    warehouse.judge()
    assert list(warehouse.rejected(HEADER).values()) == [["unknown_store"]]


def test_return_is_replayed_when_its_sale_arrives(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    batch = warehouse.deliver(HEADER, sale("R1", original_transaction_id="T1"))
    lines = warehouse.deliver(LINES, line("1", "R1"))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(batch, 1): ["return_without_sale"]}
    warehouse.deliver(HEADER, sale())
    warehouse.judge()
    assert (batch, 1) in warehouse.accepted(HEADER)
    assert warehouse.rejected(LINES) == {(lines, 1): ["return_without_sale"]}
    warehouse.deliver(LINES, line("1", "T1"))
    warehouse.judge()
    assert (lines, 1) in warehouse.accepted(LINES)
    warehouse.check_counts()


def test_returned_quantity_adds_up_and_what_does_not_fit_takes_nothing(
    warehouse: Warehouse,
) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(
        HEADER, sale(), *(sale(f"R{n}", original_transaction_id="T1") for n in range(1, 5))
    )
    warehouse.deliver(LINES, line(quantity="5"), line("1", "R1", quantity="-2"))
    warehouse.judge()
    batch = warehouse.deliver(
        LINES,
        line("1", "R2", quantity="4"),
        line("1", "R3", quantity="-3"),
        line("1", "R4", quantity="1"),
    )
    warehouse.judge()
    assert (batch, 2) in warehouse.accepted(LINES)
    assert warehouse.rejected(LINES) == {
        (batch, 1): ["return_exceeds_sale"],
        (batch, 3): ["return_exceeds_sale"],
    }


def test_waived_reject_stays_out(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    batch = warehouse.deliver(HEADER, sale(customer_id="C2"), sale("T2", total_amount="x"))
    warehouse.judge()
    warehouse.query("update reject.store_sales_header set status = 'waived' returning 1")
    warehouse.deliver("customer_details", {"customer_id": "C2"})
    warehouse.judge()
    warehouse.query("update ops.load_batches set status = 'loaded' returning 1")
    warehouse.judge()
    assert warehouse.accepted(HEADER) == []
    assert warehouse.query(
        "select rejects.status, rows_rejected from reject.store_sales_header as rejects"
        " inner join ops.load_batches on _batch_id = batch_id where batch_id = %s",
        batch,
    ) == [("waived", 2), ("waived", 2)]
    warehouse.check_counts()


def test_report_is_plain_json(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), sale("T2", customer_id="C2", total_amount="0"))
    found = json.loads(json.dumps(warehouse.judge(run_id="r").as_dict()))
    assert found["data_sets"][HEADER] == {
        "judged": 2,
        "accepted": 1,
        "rejected": 1,
        "duplicates": 0,
        "replayed": 0,
    }
    assert found["rejected"] == [{"data_set": HEADER, "rule_id": "unknown_customer", "rows": 1}]
    assert found["warnings"] == [{"data_set": HEADER, "rule_id": "zero_amount", "rows": 1}]
