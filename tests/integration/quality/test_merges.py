"""`customer_merges.csv`: which rows count, and what the audit log says of them."""

from tests.integration.quality.warehouse import Warehouse

MERGES = "customer_merges"
AUDIT = (
    "select action, reason, details ->> 'customer_id', details ->> 'merged_into', row_number"
    " from ops.audit_log order by entry_id"
)


def test_a_merge_needs_customers_that_are_known_and_waits_for_them(warehouse: Warehouse) -> None:
    warehouse.deliver("customer_details", {"customer_id": "C1"}, {"customer_id": "C2"})
    batch = warehouse.deliver(
        MERGES,
        {"customer_id": "C2", "merged_into": "C1", "reason": "same  person"},
        {"customer_id": "C3", "merged_into": "C1"},
        {"customer_id": "C1", "merged_into": "C4"},
        {"customer_id": None, "merged_into": "C1"},
    )
    warehouse.judge()
    assert warehouse.accepted(MERGES) == [(batch, 1)]
    assert warehouse.rejected(MERGES) == {
        (batch, 2): ["unknown_customer"],
        (batch, 3): ["unknown_customer"],
        (batch, 4): ["missing_key"],
    }
    assert warehouse.query(AUDIT) == [("merge", "same  person", "C2", "C1", 1)]
    warehouse.deliver("customer_details", {"customer_id": "C3"})
    warehouse.judge()
    assert warehouse.accepted(MERGES) == [(batch, 1), (batch, 2)]
    assert warehouse.query(AUDIT)[1:] == [("merge", "none given", "C3", "C1", 2)]


def test_a_new_file_ends_a_merge_and_the_log_has_both(warehouse: Warehouse) -> None:
    warehouse.deliver("customer_details", {"customer_id": "C1"}, {"customer_id": "C2"})
    warehouse.deliver(MERGES, {"customer_id": "C2", "merged_into": "C1"})
    warehouse.judge()
    warehouse.judge()
    warehouse.deliver(MERGES, {"customer_id": "C2", "merged_into": None, "reason": "twins"})
    warehouse.judge()
    assert warehouse.rejected(MERGES) == {}
    assert [row[:4] for row in warehouse.query(AUDIT)] == [
        ("merge", "none given", "C2", "C1"),
        ("end merge", "twins", "C2", None),
    ]


def test_without_a_customer_file_customers_are_taken_as_they_come(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(MERGES, {"customer_id": "C2", "merged_into": "C1"})
    warehouse.judge()
    assert warehouse.accepted(MERGES) == [(batch, 1)]
    warehouse.deliver("customer_details", {"customer_id": "C1"})
    warehouse.judge()
    assert warehouse.rejected(MERGES) == {(batch, 1): ["unknown_customer"]}


def test_a_return_names_a_sale_of_either_number(warehouse: Warehouse) -> None:
    warehouse.deliver("stores", {"store_id": "S1"})
    warehouse.deliver(
        "customer_details", *({"customer_id": name} for name in ("C1", "C2", "C3", "C4"))
    )
    sale = {"store_id": "S1", "transaction_date": "2026-01-05", "total_amount": "10"}
    back = {**sale, "transaction_type": "RETURN", "original_transaction_id": "T1"}
    batch = warehouse.deliver(
        "store_sales_header",
        {**sale, "transaction_id": "T1", "customer_id": "C1"},
        {**back, "transaction_id": "R1", "customer_id": "C2"},
        {**back, "transaction_id": "R2", "customer_id": "C4"},
    )
    warehouse.judge()
    assert warehouse.rejected("store_sales_header") == {
        (batch, 2): ["return_without_sale"],
        (batch, 3): ["return_without_sale"],
    }
    merges = (
        {"customer_id": "C1", "merged_into": "C3"},
        {"customer_id": "C2", "merged_into": "C1"},
    )
    warehouse.deliver(MERGES, *merges)
    warehouse.judge()
    assert warehouse.rejected("store_sales_header") == {(batch, 3): ["return_without_sale"]}
