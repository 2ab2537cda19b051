"""What the gate remembers of judged rows: complete, made anew from raw, and enough for look-ups."""

from typing import Any

import pytest

from loyalty_lens.quality import batches
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER = "store_sales_header"
LINES = "store_sales_line_items"
TABLES = (HEADER, LINES, "customer_details", "products")


@pytest.fixture
def judged(warehouse: Warehouse) -> Warehouse:
    """Masters, a sale with a rejected, a repeated and a waived row beside it; judged twice."""
    deliver_masters(warehouse)
    warehouse.deliver(HEADER, sale(), sale(), sale("T2", total_amount="x"), sale("T3"))
    warehouse.deliver(LINES, line(), line("2", product_id="P9"))
    warehouse.judge()
    warehouse.query("update reject.store_sales_header set status = 'waived' returning 1")
    warehouse.query(
        "update ops.load_batches set status = 'loaded' where data_set = %s returning 1", HEADER
    )
    warehouse.judge()
    return warehouse


def remembered(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: warehouse.query(f"select * from judge.known_{name} order by _batch_id, _row_number")
        for name in TABLES
    }


def test_every_row_of_a_judged_batch_is_remembered_once(judged: Warehouse) -> None:
    for name in TABLES:
        in_raw = judged.query(f"select _batch_id, _row_number from raw.{name} order by 1, 2")
        assert [row[:2] for row in remembered(judged)[name]] == in_raw


def test_all_is_made_anew_from_raw(judged: Warehouse) -> None:
    before = remembered(judged)
    judged.query("update judge.known_tables set reading = 'older' returning 1")
    judged.query("update judge.known_store_sales_header set customer_id = 'spoilt' returning 1")
    judged.judge()
    assert remembered(judged) == before


def test_a_batch_that_is_missing_is_added(judged: Warehouse) -> None:
    before = remembered(judged)
    judged.query(f"delete from judge.known_{HEADER} returning 1")
    judged.query(
        "delete from judge.known_batches using ops.load_batches as batches"
        " where known_batches.batch_id = batches.batch_id and data_set = %s returning 1",
        HEADER,
    )
    judged.judge()
    assert remembered(judged) == before


def test_a_row_waived_before_its_batch_is_judged_is_remembered(warehouse: Warehouse) -> None:
    batch = warehouse.deliver(HEADER, sale(), sale("T2"))
    warehouse.query(
        "insert into reject.store_sales_header (_batch_id, _row_number, _loaded_at, rule_ids,"
        " errors, status) values (%s, 2, now(), '{own}', '[]', 'waived') returning 1",
        batch,
    )
    warehouse.judge()
    rows = warehouse.query(f"select _batch_id, _row_number from judge.known_{HEADER} order by 1, 2")
    assert rows == [(batch, 1), (batch, 2)]


def test_nothing_is_remembered_of_a_judgement_that_was_cut_short(
    judged: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = judged.deliver(HEADER, sale("T7"))

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(batches, "recount", fail)  # once all is routed and remembered
        with pytest.raises(KeyboardInterrupt):
            judged.judge()
    assert judged.query("select 1 from judge.known_batches where batch_id = %s", batch) == []
    judged.judge()
    assert remembered(judged)[HEADER][-1][:2] == (batch, 1)
