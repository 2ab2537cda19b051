"""Accepted rows are read once: what stands is kept, what has changed is read again (0022)."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests.dbt.warehouse import Warehouse

DAY = dt.date(2026, 1, 31)
# (batch, row) to the transaction that inserted it.
KEPT = (
    "select _batch_id, _row_number, cast(cast(xmin as text) as bigint) from clean.accepted_headers"
)
VIEW = "select _batch_id, _row_number, total_amount from staging.stg_store_sales_header"
TABLE = "select _batch_id, _row_number, total_amount from clean.accepted_headers"
STATUS = "update ops.load_batches set status = '{}' where batch_id = {}"
REJECT = (
    "insert into reject.store_sales_header (_batch_id, _row_number, _loaded_at, rule_ids, errors)"
    " values ({}, {}, now(), '{{}}', '[]')"
)
REPLAY = "update reject.store_sales_header set status = 'replayed' where _batch_id = {}"
REPEAT = "insert into ops.duplicates values ('store_sales_header', {0}, {1}, {0}, 1)"
MARK = "update ops.load_batches set decimal_mark = ',' where batch_id = {}"
Build = Callable[..., set[int]]


@pytest.fixture
def batches(warehouse: Warehouse) -> list[int]:
    """Three batches of two sales each, beside those that stood before."""
    return [
        warehouse.load(
            "store_sales_header",
            [
                {
                    "transaction_id": f"{name}{number}",
                    "store_id": "A",
                    "transaction_date": "2026-01-05 10:00",
                    "total_amount": f"{number}.5",
                }
                for number in (1, 2)
            ],
            arrival=DAY,
        )
        for name in "abc"
    ]


@pytest.fixture
def build(warehouse: Warehouse) -> Build:
    """Builds; the batches of which rows were read again. Fails where table and view differ."""

    def run(*arguments: str) -> set[int]:
        before = set(warehouse.rows(KEPT)) if _is_built(warehouse) else set()
        warehouse.dbt("run", "--select", "+accepted_headers", *arguments)
        assert sorted(warehouse.rows(TABLE)) == sorted(warehouse.rows(VIEW))
        return {batch for batch, _, _ in set(warehouse.rows(KEPT)) - before}

    return run


def test_only_batches_that_have_changed_are_read(
    warehouse: Warehouse, batches: list[int], build: Build
) -> None:
    a, b, c = batches
    assert build() >= {a, b, c}
    assert build() == set()
    warehouse.execute(STATUS.format("superseded", a))
    assert build() == set()  # gone, nothing read
    assert {batch for batch, _, _ in warehouse.rows(KEPT)} >= {b, c}
    assert a not in {batch for batch, _, _ in warehouse.rows(KEPT)}
    warehouse.execute(STATUS.format("validated", a))
    assert build() == {a}


@pytest.mark.parametrize(
    ("statement", "rows"), [(REJECT, 1), (REPEAT, 1), (MARK, 2)], ids=["reject", "repeat", "mark"]
)
def test_what_is_judged_otherwise_is_read_again(
    warehouse: Warehouse, batches: list[int], build: Build, statement: str, rows: int
) -> None:
    build()
    warehouse.execute(statement.format(batches[1], 2))
    assert build() == {batches[1]}
    kept = [place for batch, place, _ in warehouse.rows(KEPT) if batch == batches[1]]
    assert len(kept) == rows


def test_one_row_let_through_while_another_is_rejected(
    warehouse: Warehouse, batches: list[int], build: Build
) -> None:
    """The number of accepted rows stays the same: it alone would not tell."""
    warehouse.execute(REJECT.format(batches[2], 1))
    build()
    warehouse.execute(REPLAY.format(batches[2]))
    warehouse.execute(REJECT.format(batches[2], 2))
    assert build() == {batches[2]}
    assert [place for batch, place, _ in warehouse.rows(KEPT) if batch == batches[2]] == [1]


def test_other_code_and_a_full_refresh_read_all(
    warehouse: Warehouse, batches: list[int], build: Build
) -> None:
    build()
    everything = {batch for batch, _, _ in warehouse.rows(KEPT)}
    assert everything >= set(batches)
    warehouse.execute("update ops.batch_builds set recipe = 'other'")
    assert build() == everything
    assert build("--full-refresh") == everything
    warehouse.execute("drop table clean.accepted_headers cascade")
    assert build() == everything


def test_a_data_set_that_never_came_is_no_news(warehouse: Warehouse) -> None:
    """Who follows it would else be made anew in each build."""
    for _ in range(2):
        warehouse.dbt("run", "--select", "+accepted_lines")
    told = "select count(*) from ops.row_changes where model = 'accepted_lines' and key is null"
    assert warehouse.rows(told) == [(1,)]


def _is_built(warehouse: Warehouse) -> bool:
    return warehouse.rows("select to_regclass('clean.accepted_headers')") != [(None,)]
