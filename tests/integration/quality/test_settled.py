"""What waits is judged again whenever anything has changed, and only then (decision 0047)."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from loyalty_lens.quality import settled
from loyalty_lens.quality.gate import is_settled
from loyalty_lens.quality.suites import SUITES
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES = "store_sales_header", "store_sales_line_items"
SETTINGS = {"currency": "EUR", "default_time_zone": "UTC"}


class Listening(Worker):
    """Hands on what the gate asks Great Expectations, and notes that it was asked."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker.module)
        self.worker = worker
        self.asked = 0

    def start(self) -> Any:
        return self.worker.start()

    def call(self, **request: Any) -> Any:
        self.asked += 1
        return self.worker.call(**request)


@pytest.fixture
def shop(new_database: Callable[[], str], gx_worker: Worker) -> tuple[Warehouse, Listening]:
    """A sale of nobody known waits, and so does its line; all is settled."""
    worker = Listening(gx_worker)
    shop = Warehouse(new_database(), worker)
    deliver_masters(shop)
    shop.deliver(HEADER, sale(), sale("T2", customer_id="C2"))
    shop.deliver(LINES, line(), line("1", "T2"))
    shop.judge()
    shop.judge()
    worker.asked = 0
    return shop, worker


def test_with_nothing_new_nothing_is_asked(shop: tuple[Warehouse, Listening]) -> None:
    warehouse, worker = shop
    rejected = warehouse.rejected(HEADER), warehouse.rejected(LINES)
    assert is_settled(warehouse.url, **SETTINGS)
    report = warehouse.judge()
    assert (worker.asked, report.data_sets, report.replayed) == (0, {}, 0)
    assert (warehouse.rejected(HEADER), warehouse.rejected(LINES)) == rejected
    warehouse.check_counts()


def test_what_was_waited_for_comes_through(shop: tuple[Warehouse, Listening]) -> None:
    warehouse, worker = shop
    warehouse.deliver("customer_details", {"customer_id": "C2"})
    assert not is_settled(warehouse.url, **SETTINGS)
    assert warehouse.judge().replayed == 2
    assert worker.asked > 0


def test_what_changed_something_is_followed_by_one_that_looks_again(
    shop: tuple[Warehouse, Listening],
) -> None:
    warehouse, worker = shop
    warehouse.deliver("customer_details", {"customer_id": "C3"})
    warehouse.judge()
    worker.asked = 0
    warehouse.judge()
    assert worker.asked > 0
    worker.asked = 0
    warehouse.judge()
    assert worker.asked == 0


@pytest.mark.parametrize(
    "change",
    [
        "update reject.store_sales_header set status = status where status = 'open'",
        "delete from reject.store_sales_line_items",
        "update ops.load_batches set date_order = 'DMY' where data_set = 'store_sales_header'",
        "insert into ops.duplicates select 'products', _batch_id, _row_number, _batch_id, 1"
        " from raw.products limit 1",
        "insert into judge.returns_to_review values (1)",
        "delete from judge.known_batches",
        "create or replace function ops.read_id(value text) returns text language sql immutable"
        " parallel safe as $$ select nullif(btrim(value), '') $$",
    ],
)
def test_after_any_change_all_is_judged(shop: tuple[Warehouse, Listening], change: str) -> None:
    warehouse, _ = shop
    warehouse.query(change)
    assert not is_settled(warehouse.url, **SETTINGS)


def test_other_rules_and_settings_judge_again(
    shop: tuple[Warehouse, Listening], tmp_path: Path
) -> None:
    warehouse, worker = shop
    assert not is_settled(warehouse.url, **SETTINGS | {"currency": "USD"})
    assert not is_settled(warehouse.url, **SETTINGS | {"default_time_zone": "Europe/Berlin"})
    assert not is_settled(warehouse.url, **SETTINGS, feed="demo")
    suites = tmp_path / "suites"
    copytree(SUITES, suites)
    assert is_settled(warehouse.url, **SETTINGS, suites=suites)
    with (suites / f"{HEADER}.yml").open("a") as suite:
        suite.write("# another word\n")
    assert not is_settled(warehouse.url, **SETTINGS, suites=suites)
    warehouse.judge(warning_examples=3)  # whoever wants examples gets them
    assert worker.asked > 0


def test_what_was_blanked_is_judged_again(shop: tuple[Warehouse, Listening]) -> None:
    warehouse, _ = shop
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        settled.forget(cursor)
    assert not is_settled(warehouse.url, **SETTINGS)
