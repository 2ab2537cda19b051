"""What is read ahead over a second connection is judged as what is read in its turn."""

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from loyalty_lens.errors import QualityError, WorkerError
from loyalty_lens.quality import ahead, look_ups, scratch
from tests.integration.quality.dying import Dying
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
OUTCOME = {
    "batches": "select batch_id, status, rows_accepted, rows_rejected, rows_duplicate,"
    " first_business_date, last_business_date from ops.load_batches order by 1",
    "duplicates": "select * from ops.duplicates order by data_set, _batch_id, _row_number",
    "results": "select batch_id, rule_id, column_name, rows_evaluated, rows_failed"
    " from ops.validation_results order by 1, 2, 3, 4, 5",
    "batches known": "select batch_id from judge.known_batches order by 1",
    **{
        f"rejects of {name}": "select _batch_id, _row_number, rule_ids, errors, status"
        f" from reject.{name} order by 1, 2"
        for name in (HEADERS, LINES)
    },
    **{
        f"known {name}": f"select * from judge.known_{name} order by _batch_id, _row_number"
        for name in (HEADERS, LINES, "customer_details")
    },
}


def outcome(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {name: warehouse.query(statement) for name, statement in OUTCOME.items()}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Which data sets came from reading ahead; all are to be read ahead, however small."""
    found: dict[str, bool] = {}
    take = ahead.Ahead.take

    def noted(self: ahead.Ahead, cursor: Any, data_set: Any) -> bool:
        # Most are there before the judgement comes to them: it waits, as it does for large ones.
        if data_set.name in self._read:
            while not (self._read[data_set.name].running() or self._read[data_set.name].done()):
                pass
        found[data_set.name] = take(self, cursor, data_set)
        return found[data_set.name]

    monkeypatch.setattr(ahead.Ahead, "take", noted)
    monkeypatch.setattr(ahead, "MUCH", 0)
    monkeypatch.setattr(look_ups, "MUCH", 0)
    return found


def deliver(warehouse: Warehouse) -> None:
    """Sales with a return, rejects of both, repeated rows and a key with two contents."""
    deliver_masters(warehouse)
    back = sale("T4", transaction_type="RETURN", total_amount="-10.00")
    warehouse.deliver(HEADERS, sale(), sale(), sale("T2", total_amount="x"), sale("T3"), back)
    warehouse.deliver(HEADERS, sale("T5"), sale("T3", total_amount="11.00"))
    returned = line("1", "T4", quantity="-1", line_item_amount="-10.00")
    warehouse.deliver(LINES, line(), line(), line("2", product_id="P9"), line("1", "T2"), returned)
    warehouse.deliver(LINES, line("1", "T5"), line("1", "T9"), line("1", "T5", quantity="2"))


def test_the_same_comes_of_it(
    warehouse: Warehouse, new_database: Callable[[], str], taken: dict[str, bool]
) -> None:
    other = Warehouse(new_database(), warehouse.worker)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "MUCH", 1 << 40)
        patch.setattr(look_ups, "MUCH", 1 << 40)
        deliver(other)
        other.judge()
    assert not any(taken.values())
    deliver(warehouse)
    warehouse.judge()
    assert taken[HEADERS] and taken[LINES]
    assert outcome(warehouse) == outcome(other)
    assert outcome(warehouse)[f"rejects of {LINES}"]
    left = (
        "select relname from pg_class where relname ~ '__' and relnamespace = 'judge'::regnamespace"
    )
    assert warehouse.query(left) == []


def test_what_is_put_back_meanwhile_is_read_once_more(
    warehouse: Warehouse, taken: dict[str, bool]
) -> None:
    """Lines were taken as they came until there are products: then all are judged again."""
    warehouse.deliver(HEADERS, sale(), sale("T2"))
    warehouse.deliver(LINES, line(), line("2", product_id="P9"))
    warehouse.judge()
    assert taken[LINES] and warehouse.rejected(LINES) == {}
    deliver_masters(warehouse)
    batch = warehouse.deliver(LINES, line("1", "T2"))
    warehouse.judge()
    assert not taken[LINES]
    assert list(warehouse.rejected(LINES).values()) == [["unknown_product"]]
    assert (batch, 1) in warehouse.accepted(LINES)
    warehouse.check_counts()


def test_what_a_run_left_that_ended_early_harms_no_other(
    warehouse: Warehouse, taken: dict[str, bool]
) -> None:
    living = warehouse.worker
    deliver(warehouse)
    for calls in (0, 3, 5):
        warehouse.worker = Dying(living, calls)
        with pytest.raises(WorkerError):
            warehouse.judge()
    assert warehouse.accepted(LINES) == []
    warehouse.worker = living
    warehouse.judge()
    assert taken[LINES]
    assert len(warehouse.accepted(HEADERS)) == 4
    warehouse.check_counts()


def test_an_error_on_the_way_stops_the_validation_and_the_next_run_heals(
    warehouse: Warehouse, taken: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(warehouse)
    prepare = scratch.prepare

    def failing(cursor: Any, data_set: Any, *others: Any) -> bool:
        if data_set.name == LINES:
            raise psycopg2.OperationalError("disk full")
        return prepare(cursor, data_set, *others)

    with monkeypatch.context() as patch:
        patch.setattr(scratch, "prepare", failing)
        with pytest.raises(QualityError, match="nothing is lost: disk full"):
            warehouse.judge()
    assert warehouse.accepted(LINES) == []
    warehouse.judge()
    assert len(warehouse.accepted(LINES)) == 3
    warehouse.check_counts()
