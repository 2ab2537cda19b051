"""Personal data whose time is over go, of every data set that has some, and no total changes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loyalty_lens.privacy.retention import retain
from loyalty_lens.settings import RETAINED, Settings
from loyalty_lens.splits import load_layouts
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.privacy.conftest import KEY
from tests.privacy.people import GUEST_PHONE, SECRETS, fill
from tests.privacy.test_erasure import DESCRIBED, everything

LAID = ("she asked nicely", "twin of another", "4917000001", "88zz", "Rejecta", "Dear Rejecta")
# Nothing of a person is in them but a key: the figures of the shop, kept for good.
WITHOUT = {
    *("stores", "products", "promotion_details", "loyalty_rules", "store_inventory"),
    "store_sales_line_items",
}


class Shop:
    """A shop with something of a person in every data set that may hold it, built."""

    def __init__(self, warehouse: Warehouse, settings: Settings) -> None:
        self.warehouse, self.settings = warehouse, settings
        fill(warehouse)
        old = warehouse.rows("select date '2025-11-01'")[0][0]
        event = {"event_id": "E1", "customer_id": "ANNA", "event_type": "ADJUST"}
        event |= {"points": "5", "event_at": "2025-11-01", "reason": LAID[0]}
        warehouse.load("points_events", [event], arrival=old)
        ids = [
            c for (c,) in warehouse.rows("select distinct customer_id from raw.customer_details")
        ]
        merged = {"customer_id": ids[0], "merged_into": ids[1], "reason": LAID[1]}
        warehouse.load("customer_merges", [merged], arrival=old)
        for name, row in (
            ("flat_sales", {"transaction_id": "F", "customer_phone": LAID[2]}),
            ("card_transactions", {"customer_number": "N", "card_last_4_digits": LAID[3]}),
        ):
            batch = warehouse.load(name, [row], arrival=old)
            warehouse.execute(
                f"update ops.load_batches set status = 'split' where batch_id = {batch}"
            )
        warehouse.execute(
            "insert into ops.load_batches (data_set, source_file, path_key, sha256, size_bytes,"
            " rows_read, rows_rejected, status, business_date, last_business_date)"
            " values ('customer_details', 'x.csv', 'x.csv', '', 0, 1, 1, 'validated', '2025-11-01',"
            " '2025-11-01')"
        )
        ((batch,),) = warehouse.rows("select max(batch_id) from ops.load_batches")
        for schema, more, values in (
            ("raw", "", ""),
            (
                "reject",
                ", _loaded_at, rule_ids, errors",
                """, now(), '{missing_key}', '[{"message": "Rejecta has no key"}]'""",
            ),
        ):
            warehouse.execute(
                f"insert into {schema}.customer_details (_batch_id, _row_number, first_name{more})"
                f" values ({batch}, 1, '{LAID[4]}'{values})"
            )
        warehouse.execute(
            f"insert into reject.malformed_lines values ({batch}, 9, 'Annabella', 'no end');"
            " insert into ops.notification_files (business_date, file, message_count)"
            " values ('2025-11-01', 'x', 1);"
            " insert into ops.notifications select 'M', delivery_id, 'ANNA', 'x', 'Points',"
            f" '{LAID[5]}', '{{}}', '2025-11-01' from ops.notification_files"
        )
        warehouse.build()

    def marts(self) -> dict[str, list[str]]:
        return {k: v for k, v in self.warehouse.marts().items() if k not in DESCRIBED}


@pytest.fixture(scope="module")
def shop(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    yield Shop(warehouse, replace(Settings.from_environment({}), privacy_key=KEY))
    warehouse.close()


def test_every_data_set_has_a_period_or_nothing_of_a_person() -> None:
    assert set(load_layouts()) - set(RETAINED) == WITHOUT
    beside = {"rejects", "malformed_lines", "notifications"}
    assert set(RETAINED) - set(load_layouts()) == beside


def test_all_periods_end_and_the_marts_stay_as_they_were(shop: Shop) -> None:
    traces = (*LAID, *SECRETS, GUEST_PHONE)
    was = everything(shop.warehouse)
    assert [trace for trace in traces if trace.lower() not in was] == []
    before = shop.marts()
    # Customers last: what is erased with them would not be counted elsewhere.
    days = dict.fromkeys(reversed(RETAINED), 5) | {"malformed_lines": 0}
    settings = replace(shop.settings, retention=days)
    done = retain(settings, shop.warehouse.url)
    assert {name for name, count in done.items() if count} == set(RETAINED)
    shop.warehouse.build()
    now = everything(shop.warehouse)
    assert [trace for trace in traces if trace.lower() in now] == []
    after = shop.marts()
    assert [mart for mart, rows in after.items() if rows != before[mart]] == []
    # What ended is in the audit log, and ends once.
    assert {
        name
        for (name,) in shop.warehouse.rows(
            "select data_set from ops.audit_log where action = 'retention'"
        )
    } == set(RETAINED)
    again = retain(settings, shop.warehouse.url)
    assert {name: count for name, count in again.items() if count} == {}


def test_a_period_that_is_not_over_ends_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.warehouse.load(
        "points_events",
        [
            {
                "event_id": "E2",
                "customer_id": "ANNA",
                "event_type": "ADJUST",
                "points": "5",
                "event_at": "2026-01-20",
                "reason": "fresh",
            }
        ],
        arrival=shop.warehouse.rows("select date '2026-01-20'")[0][0],
    )
    settings = replace(shop.settings, retention={"points_events": 365})
    assert retain(settings, shop.warehouse.url) == {"points_events": 0}
    assert "fresh" in everything(shop.warehouse)
