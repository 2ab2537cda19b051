"""The figures of the marts: the past, and who may read what (points: tests/points)."""

import datetime as dt

import psycopg2
import pytest

from tests.dbt import comparable
from tests.dbt.histories import History, random_history
from tests.dbt.warehouse import POINTS, Warehouse

PAST = dt.date(2025, 12, 20)


@pytest.fixture(scope="module")
def history(warehouse: Warehouse) -> History:
    history = random_history(7, 700)
    history.load(warehouse)
    comparable.load(warehouse)
    comparable.bring_back(warehouse, "D", "G1", dt.date(2025, 12, 20), dt.date(2026, 1, 15))
    # Long before the others: segments of a past month end are held against what came after it.
    early = {"transaction_id": "EARLY", "customer_id": "C4", "store_id": "A", "total_amount": 50}
    warehouse.load("store_sales_header", [{**early, "transaction_date": "2025-08-05"}])
    counted = [
        {"inventory_date": PAST, **_stock("P0", 3)},
        {"inventory_date": PAST, **_stock("P1", 0)},
    ]
    warehouse.load("store_inventory", counted)
    warehouse.build()
    return history


def test_what_arrives_for_later_dates_leaves_a_past_date_alone(
    warehouse: Warehouse, history: History
) -> None:
    warehouse.build(PAST)
    before = warehouse.marts()
    later = PAST + dt.timedelta(days=1)
    sale = {"store_id": "A", "transaction_date": later, "total_amount": 500}
    warehouse.load(
        "store_sales_header",
        [
            {"transaction_id": "L1", "customer_id": "C1", **sale},
            {"transaction_id": "L2", "customer_id": "NEW", **sale},
            {"transaction_id": "L4", "customer_phone": "2", **sale},
            {
                "transaction_id": "L3",
                "customer_id": "C1",
                **sale,
                "transaction_type": "RETURN",
                "original_transaction_id": history.headers[0]["transaction_id"],
            },
        ],
        file_date=later,
    )
    warehouse.load(
        "store_inventory", [{"inventory_date": later, **_stock("P0", 0)}], file_date=later
    )
    event = {"event_type": "ADJUST", "event_at": later, "points": 5}
    warehouse.load(
        "points_events", [{"event_id": "L", "customer_id": "C2", **event}], file_date=later
    )
    warehouse.load(
        "customer_details",
        [
            {"customer_id": "NEW", "total_loyalty_points": 77, "customer_phone": "1"},
            {
                "customer_id": "C3",
                "city": "Elsewhere",
                "last_purchase_date": "2025-12-01",
                "customer_phone": "1",
            },
        ],
        file_date=later,
    )
    warehouse.load("stores", [{"store_id": "A", "store_name": "Renamed"}], file_date=later)
    warehouse.load(
        "products", [{"product_id": "P0", "product_category": "Renamed"}], file_date=later
    )
    warehouse.load("loyalty_rules", [{**history.rules[0], "bonus_points": 1000}], file_date=later)
    new_rule = {**history.rules[0], "rule_id": "NEW", "rule_group": "new"}
    warehouse.load("loyalty_rules", [new_rule], file_date=later)
    warehouse.build(PAST)
    assert warehouse.marts() == before
    warehouse.build()
    same = {mart for mart, rows in warehouse.marts().items() if rows == before[mart]}
    assert same == {"points_restatements"}  # no month was closed


def test_a_new_rule_version_changes_nothing_before_its_date(
    warehouse: Warehouse, history: History
) -> None:
    earned = (
        "select entry_id, points from marts.points_ledger"
        " where entry_type in ('EARN', 'BONUS') and business_date < '2026-01-15' order by entry_id"
    )
    before = warehouse.rows(earned)
    warehouse.load(
        "loyalty_rules",
        [{**rule, "points_per_unit_spend": "5"} for rule in history.rules[:3]],
        file_date=dt.date(2026, 2, 15),
    )
    warehouse.load(
        "loyalty_rules",
        [
            {**rule, "points_per_unit_spend": "3", "start_date": "2025-12-15"}
            for rule in history.rules[:3]
        ],
        file_date=dt.date(2026, 1, 15),
    )
    warehouse.build(None, POINTS)
    assert warehouse.rows(earned) == before
    assert warehouse.rows(
        "select bool_and(rule_version > 1) from marts.points_ledger"
        " where rule_id in ('1', '2', '3') and business_date >= '2026-01-15'"
        " and entry_type = 'EARN'"
    ) == [(True,)]


def test_a_rule_switched_off_keeps_what_it_earned(warehouse: Warehouse, history: History) -> None:
    (rule,) = (rule for rule in history.rules if "start_date" in rule)
    earned = (
        "select entry_id, points from marts.points_ledger where entry_type = 'EARN'"
        f" and rule_id = '{rule['rule_id']}' and business_date %s '2026-01-02' order by entry_id"
    )
    before = warehouse.rows(earned % "<")
    assert before
    assert warehouse.rows(earned % ">=")
    off = {**rule, "is_active": "no"}
    warehouse.load("loyalty_rules", [off], file_date=dt.date(2026, 1, 2))
    warehouse.build(None, POINTS)
    assert warehouse.rows(earned % "<") == before
    assert warehouse.rows(earned % ">=") == []


def test_customers_show_when_they_were_last_changed(warehouse: Warehouse, history: History) -> None:
    versions = [
        {"customer_id": "C5", "city": "Here", "modified_at": "2026-01-04T09:30:00"},
        {"customer_id": "C5", "city": "There", "modified_at": "2026-01-05T09:30:00+05:30"},
        {"customer_id": "C5", "city": "There", "modified_at": "2026-01-06T09:30:00"},
    ]
    warehouse.load("customer_details", versions)
    warehouse.build(None, "+customer_details")
    moment = dt.datetime(2026, 1, 5, 4, tzinfo=dt.UTC)
    assert warehouse.rows(
        "select customer_id, city, modified_at from marts.customer_details"
        " where customer_id in ('C5', 'C6') order by customer_id"
    ) == [("C5", "There", moment), ("C6", None, None)]


def test_dashboards_read_no_contact_data_and_write_nothing(
    warehouse: Warehouse, history: History
) -> None:
    for column in ("first_name", "last_name", "email", "customer_phone", "street", "*"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            warehouse.rows(f"select {column} from marts.customer_details", role="lens_bi")
    assert warehouse.rows("select count(city) from marts.customer_details", role="lens_bi")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        warehouse.rows("select customer_phone from marts.new_customers", role="lens_bi")
    assert warehouse.rows("select count(status) from marts.new_customers", role="lens_bi")
    for mart in warehouse.marts():
        if mart not in ("customer_details", "new_customers"):
            warehouse.rows(f"select * from marts.{mart} limit 1", role="lens_bi")
    for hidden in ("clean.customers", "staging.stg_customer_details", "raw.customer_details"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            warehouse.rows(f"select * from {hidden} limit 1", role="lens_bi")
    for statement in (
        "delete from marts.sales_daily",
        "update marts.customer_details set city = ''",
        "create table marts.mine (a int)",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            warehouse.rows(statement, role="lens_bi")


def _stock(product: str, units: int) -> dict[str, object]:
    return {"store_id": "A", "product_id": product, "stock_on_hand": units}
