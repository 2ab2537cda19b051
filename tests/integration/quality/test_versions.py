"""Versions of a master: what repeats the version before it, in the order of versions."""

from tests.integration.quality.warehouse import Warehouse, sale

STORES, CUSTOMERS = "stores", "customer_details"


def store(name: str, number: str = "S1") -> dict[str, str | None]:
    return {"store_id": number, "store_name": name}


def test_back_and_forth_is_three_versions(warehouse: Warehouse) -> None:
    for day, name in enumerate(("A", "B", "A"), start=1):
        warehouse.deliver(STORES, store(name), file_date=f"2026-01-0{day}")
        warehouse.judge()
    assert len(warehouse.accepted(STORES)) == 3
    assert warehouse.duplicates(STORES) == {}


def test_repetition_of_the_newest_version_is_a_duplicate(warehouse: Warehouse) -> None:
    first = warehouse.deliver(STORES, store("A"), store("A", "S2"), file_date="2026-01-01")
    warehouse.judge()
    second = warehouse.deliver(STORES, store("A"), store("B", "S2"), file_date="2026-01-02")
    warehouse.judge()
    assert warehouse.duplicates(STORES) == {(second, 1): (first, 1)}
    warehouse.check_counts()


def test_late_version_in_the_middle_makes_a_repetition_a_version_again(
    warehouse: Warehouse,
) -> None:
    first = warehouse.deliver(STORES, store("A"), file_date="2026-01-01")
    third = warehouse.deliver(STORES, store("A"), file_date="2026-01-03")
    warehouse.judge()
    assert warehouse.duplicates(STORES) == {(third, 1): (first, 1)}
    second = warehouse.deliver(STORES, store("B"), file_date="2026-01-02")
    warehouse.judge()
    assert warehouse.duplicates(STORES) == {}
    assert warehouse.accepted(STORES) == [(first, 1), (third, 1), (second, 1)]
    warehouse.check_counts()


def test_late_repetition_turns_the_later_row_into_the_duplicate(warehouse: Warehouse) -> None:
    late = warehouse.deliver(STORES, store("A"), file_date="2026-01-03")
    warehouse.judge()
    early = warehouse.deliver(STORES, store("A"), file_date="2026-01-01")
    warehouse.judge()
    assert warehouse.duplicates(STORES) == {(late, 1): (early, 1)}
    warehouse.check_counts()


def test_modified_at_orders_before_the_date_of_the_file(warehouse: Warehouse) -> None:
    rows = [
        {"customer_id": "C1", "city": city, "modified_at": f"2026-01-0{day} 10:00"}
        for day, city in ((2, "A"), (1, "A"), (3, "A"))
    ]
    warehouse.deliver(CUSTOMERS, *rows, file_date="2026-02-01")
    warehouse.judge()
    assert warehouse.duplicates(CUSTOMERS) == {}, "modified_at is content as well"


def test_undated_file_takes_the_newest_business_date_as_its_arrival(warehouse: Warehouse) -> None:
    warehouse.deliver("store_sales_header", sale(transaction_date="2026-01-07"))
    undated = warehouse.deliver(STORES, store("A"))
    warehouse.judge()
    arrival = "select business_date::text from ops.load_batches where batch_id = %s"
    assert warehouse.query(arrival, undated) == [("2026-01-07",)]
    given = warehouse.deliver(STORES, store("A", "S2"), business_date="2025-12-31")
    warehouse.judge()
    assert warehouse.query(arrival, given) == [("2025-12-31",)]


def test_arrival_not_delivery_order_decides_against_a_file_of_a_later_date(
    warehouse: Warehouse,
) -> None:
    warehouse.deliver("store_sales_header", sale(transaction_date="2026-01-07"))
    dated = warehouse.deliver(STORES, store("A"), file_date="2026-01-09")
    undated = warehouse.deliver(STORES, store("A"))
    warehouse.judge()
    assert warehouse.duplicates(STORES) == {(dated, 1): (undated, 1)}


def test_different_rows_of_one_file_last_is_newest_with_a_warning(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(STORES, store("A"), store("B"), store("B"), store("C", "S2"))
    report = warehouse.judge()
    assert warehouse.duplicates(STORES) == {(batch, 3): (batch, 2)}
    assert warehouse.accepted(STORES) == [(batch, 1), (batch, 2), (batch, 4)]
    assert report.warnings == {(STORES, "different_versions_in_file"): 1}


def test_rejected_version_does_not_stand_between_two_equal_ones(warehouse: Warehouse) -> None:
    def promotion(discount: str) -> dict[str, str | None]:
        return {
            "promotion_id": "X",
            "start_date": "2026-01-01",
            "end_date": "2026-01-02",
            "discount_percentage": discount,
        }

    for discount in ("0.1", "7", "0.1"):
        warehouse.deliver("promotion_details", promotion(discount))
        warehouse.judge()
    first, second, third = warehouse.batch_ids
    assert warehouse.accepted("promotion_details") == [(first, 1)]
    assert warehouse.rejected("promotion_details") == {(second, 1): ["bad_discount"]}
    assert warehouse.duplicates("promotion_details") == {(third, 1): (first, 1)}


def test_row_without_a_key_is_rejected_each_time(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(STORES, {"store_name": "A"}, {"store_name": "A"})
    warehouse.judge()
    assert set(warehouse.rejected(STORES)) == {(batch, 1), (batch, 2)}
    warehouse.check_counts()
