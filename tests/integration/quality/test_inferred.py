"""References are judged only against a master that was ever delivered."""

from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"


def test_without_masters_everything_counts_and_the_report_says_so(warehouse: Warehouse) -> None:
    warehouse.deliver(HEADER, sale(), sale("T2", store_id="S2", customer_id=None))
    warehouse.deliver(LINES, line(), line("2", product_id="P2", promotion_id="X"))
    report = warehouse.judge()
    assert report.rejected == {} and report.warnings == {
        (LINES, "header_lines_differ"): 1,
    }
    assert report.notes == (
        "no stores file: 2 stores inferred",
        "no products file: 2 products inferred",
        "no customer_details file: 1 customers inferred",
        "no loyalty rules: nothing is earned",
        "no promotions: sales count as unpromoted",
    )


def test_lines_without_any_headers_count(warehouse: Warehouse) -> None:
    warehouse.deliver(LINES, line())
    report = warehouse.judge()
    assert report.rejected == {}
    assert "no sales headers: there are no sales to count" in report.notes


def test_first_rows_of_a_master_replace_inferred_members_in_the_same_run(
    warehouse: Warehouse,
) -> None:
    headers = warehouse.deliver(HEADER, sale(), sale("T2", store_id="S2"))
    lines = warehouse.deliver(LINES, line(), line("1", "T2"))
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {}
    deliver_masters(warehouse, "stores")
    report = warehouse.judge()
    assert warehouse.rejected(HEADER) == {(headers, 2): ["unknown_store"]}
    assert warehouse.rejected(LINES) == {(lines, 2): ["header_rejected"]}
    assert "no stores file: 2 stores inferred" not in report.notes
    warehouse.check_counts()


def test_a_master_whose_rows_are_all_rejected_was_not_delivered(warehouse: Warehouse) -> None:
    warehouse.deliver("stores", {"store_name": "no key"})
    batch = warehouse.deliver(HEADER, sale())
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(batch, 1)]


def test_later_rows_of_a_master_judge_nothing_again(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale())
    warehouse.judge()
    warehouse.deliver("stores", {"store_id": "S2", "store_name": "Second"})
    assert set(warehouse.judge().data_sets) == {"stores"}


def test_headers_that_arrive_after_their_lines_are_held_against_them(warehouse: Warehouse) -> None:
    lines = warehouse.deliver(LINES, line(), line("1", "T2"))
    warehouse.judge()
    assert warehouse.rejected(LINES) == {}
    warehouse.deliver(HEADER, sale())
    warehouse.judge()
    assert warehouse.rejected(LINES) == {(lines, 2): ["header_missing"]}


def test_business_date_is_that_of_the_stores_time_zone(warehouse: Warehouse) -> None:
    warehouse.deliver(
        "stores",
        {"store_id": "S1", "store_name": "A", "time_zone": "America/New_York"},
        {"store_id": "S2", "store_name": "B"},
    )
    dates = {
        "S1": ("2026-01-06T02:30:00Z", "2026-01-05"),
        "S2": ("2026-01-06T02:30:00+09:00", "2026-01-05"),
    }
    for number, (store, (moment, date)) in enumerate(dates.items()):
        batch = warehouse.deliver(
            HEADER,
            sale(f"A{number}", store_id=store, transaction_date=moment),
        )
        warehouse.judge()
        assert warehouse.query(
            "select last_business_date::text from ops.load_batches where batch_id = %s", batch
        ) == [(date,)]
    local = warehouse.deliver(HEADER, sale("B", transaction_date="2026-01-06 02:30:00"))
    warehouse.judge()
    assert warehouse.query(
        "select last_business_date::text from ops.load_batches where batch_id = %s", local
    ) == [("2026-01-06",)]
