"""Duplicates of events: exact ones, conflicting keys, across files and inside one."""

from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER = "store_sales_header"


def test_equal_row_in_one_file_is_a_duplicate_of_the_first(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(HEADER, sale(), sale("T2"), sale())
    report = warehouse.judge()
    assert warehouse.duplicates(HEADER) == {(batch, 3): (batch, 1)}
    assert warehouse.accepted(HEADER) == [(batch, 1), (batch, 2)]
    counts = report.data_sets[HEADER]
    assert (counts.judged, counts.accepted, counts.rejected, counts.duplicates) == (3, 2, 0, 1)
    warehouse.check_counts()


def test_equality_is_judged_after_cleaning(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(
        HEADER,
        sale("1", total_amount="1,234.50"),
        sale("1.0", transaction_date="05/01/2026", total_amount=" 1234.5 ", currency="NULL"),
    )
    warehouse.judge()
    assert warehouse.duplicates(HEADER) == {(batch, 2): (batch, 1)}


def test_equal_row_of_a_later_file_is_a_duplicate(warehouse: Warehouse) -> None:
    first = warehouse.deliver(HEADER, sale())
    warehouse.judge()
    second = warehouse.deliver(HEADER, sale("T2"), sale())
    third = warehouse.deliver(HEADER, sale(), sale("T3"))
    warehouse.judge()
    assert warehouse.duplicates(HEADER) == {(second, 2): (first, 1), (third, 1): (first, 1)}
    assert warehouse.accepted(HEADER) == [(first, 1), (second, 1), (third, 2)]
    warehouse.check_counts()


def test_equal_row_of_a_rejected_one_is_a_duplicate_not_a_reject(warehouse: Warehouse) -> None:
    first = warehouse.deliver(HEADER, sale(total_amount="x"), sale("", total_amount="1"))
    warehouse.judge()
    second = warehouse.deliver(HEADER, sale(total_amount="x"), sale("", total_amount="1"))
    warehouse.judge()
    assert set(warehouse.rejected(HEADER)) == {(first, 1), (first, 2)}
    assert warehouse.duplicates(HEADER) == {(second, 1): (first, 1), (second, 2): (first, 2)}
    warehouse.check_counts()


def test_later_row_with_other_content_is_rejected(warehouse: Warehouse) -> None:
    first = warehouse.deliver(HEADER, sale())
    warehouse.judge()
    second = warehouse.deliver(HEADER, sale(total_amount="11"), sale())
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(second, 1): ["duplicate_key"]}
    assert warehouse.duplicates(HEADER) == {(second, 2): (first, 1)}
    assert warehouse.accepted(HEADER) == [(first, 1)]


def test_a_number_of_other_sign_is_other_content(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(
        HEADER,
        sale(total_amount="-10.00"),
        sale(total_amount="10.00"),
        sale("T2", points_redeemed="-5"),
        sale("T2", points_redeemed="5"),
        sale("T3", total_amount="0"),
        sale("T3", total_amount="-0.00"),
    )
    warehouse.judge()
    assert warehouse.duplicates(HEADER) == {(batch, 6): (batch, 5)}
    assert (batch, 2) in warehouse.accepted(HEADER)
    assert warehouse.rejected(HEADER)[batch, 1] == ["negative_amount"]


def test_the_earliest_that_passes_all_other_rules_wins_its_key(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(
        HEADER, sale(total_amount="x"), sale(total_amount="2"), sale(total_amount="3")
    )
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(batch, 2)]
    assert warehouse.rejected(HEADER) == {(batch, 1): ["bad_amount"], (batch, 3): ["duplicate_key"]}


def test_conflict_is_replayed_when_the_winner_is_superseded(warehouse: Warehouse) -> None:
    first = warehouse.deliver(HEADER, sale())
    second = warehouse.deliver(HEADER, sale(total_amount="11"))
    warehouse.judge()
    warehouse.query(
        "update ops.load_batches set status = 'superseded' where batch_id = %s returning 1", first
    )
    report = warehouse.judge()
    assert warehouse.accepted(HEADER) == [(second, 1)]
    assert report.replayed == 1
    warehouse.check_counts()


def test_batch_put_back_is_judged_from_scratch(warehouse: Warehouse) -> None:
    first = warehouse.deliver(HEADER, sale(), sale("T3", total_amount="x"))
    second = warehouse.deliver(HEADER, sale(), sale("T2"))
    warehouse.judge()
    assert warehouse.duplicates(HEADER) == {(second, 1): (first, 1)}
    warehouse.query(
        "update ops.load_batches set status = case batch_id when %s then 'superseded'"
        " else 'loaded' end returning 1",
        first,
    )
    warehouse.judge()
    assert warehouse.duplicates(HEADER) == {}
    assert warehouse.accepted(HEADER) == [(second, 1), (second, 2)]
    warehouse.check_counts()


def test_key_of_several_columns(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(
        "store_sales_line_items", line("1", "T1"), line("1", "T2"), line("2", "T1"), line("1", "T1")
    )
    warehouse.judge()
    assert warehouse.duplicates("store_sales_line_items") == {(batch, 4): (batch, 1)}
    assert len(warehouse.accepted("store_sales_line_items")) == 3


def test_a_run_repeated_changes_nothing(warehouse: Warehouse) -> None:
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), sale(), sale(total_amount="1"), sale("T2", customer_id="C9"))
    warehouse.judge()
    state = "select md5(string_agg(t::text, '' order by t::text)) from {} as t"
    tables = (f"reject.{HEADER}", "ops.duplicates", "ops.load_batches", "ops.validation_results")
    before = [warehouse.query(state.format(table)) for table in tables]
    report = warehouse.judge()
    assert [warehouse.query(state.format(table)) for table in tables] == before
    assert report.replayed == 0 and not report.rejected
