"""`lens explain` and `lens rules`: the account of any day equals the build of that day."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from loyalty_lens.errors import PointsError
from loyalty_lens.points.explain import Account, explain
from loyalty_lens.points.rules import rules
from loyalty_lens.points.show_account import opened, sentence, tier_sentence
from loyalty_lens.settings import Settings
from tests.dbt.histories import random_history
from tests.dbt.warehouse import POINTS, Warehouse

SETTINGS = Settings.from_environment({})
LAST_DAY = dt.date(2026, 1, 31)
PAST = [dt.date(2025, 12, 20), dt.date(2025, 6, 1)]
# Ann: points of 2024 that are spent in part and expire; Bob: a refund after the lot is over.
OLD = [
    ("A1", "Ann", "2024-03-05 10:00", 100, None, None),
    ("A2", "Ann", "2025-03-30 10:00", 40, 30, None),
    ("A3", "Ann", "2025-04-02 10:00", -50, None, "A1"),
    ("B1", "Bob", "2024-10-05 10:00", 80, None, None),
    ("B2", "Bob", "2025-10-20 10:00", 10, 60, None),
    ("B3", "Bob", "2025-11-12 10:00", -10, None, "B2"),
    ("B4", "Bob", "2025-12-24 10:00", 700, None, None),
]


def at(url: str, customer: str, date: dt.date | None = None) -> Account:
    return explain(SETTINGS, url, customer, date)


@pytest.fixture(scope="module")
def customers(warehouse: Warehouse) -> list[str]:
    history = random_history(11, 500)
    history.customers += [
        {"customer_id": "Ann", "loyalty_status": "gold", "total_loyalty_points": None},
        {"customer_id": "Bob", "total_loyalty_points": None},
    ]
    history.headers += [
        {
            "transaction_id": key,
            "customer_id": customer,
            "store_id": "A",
            "transaction_date": dt.datetime.fromisoformat(moment),
            "total_amount": amount,
            "points_redeemed": redeemed,
            "original_transaction_id": sale,
        }
        for key, customer, moment, amount, redeemed, sale in OLD
    ]
    for rule in history.rules[3:]:  # Ann's points come from the three basic rules
        rule.setdefault("start_date", "2025-11-01")
    history.load(warehouse)
    later = {"rule_id": "3", "points_per_unit_spend": 2, "min_spend_threshold": 100}
    warehouse.load(
        "loyalty_rules", [{**later, "bonus_points": 60}], file_date=dt.date(2025, 12, 24)
    )
    promotion = {"promotion_id": "P1", "discount_percentage": "0.1", "bonus_points": 5}
    dates = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
    warehouse.load("promotion_details", [{**promotion, **dates}], arrival=LAST_DAY)
    warehouse.build(None, POINTS)
    return [customer["customer_id"] for customer in history.customers]


def as_built(warehouse: Warehouse, customer: str) -> dict[str, Any]:
    """What the marts say of a customer, in the words of an Account."""
    where = f"where customer_id = '{customer}'"
    (balance,) = warehouse.rows(
        "select balance, available_points, pending_points, debt_points, next_expiry_date,"
        f" next_expiry_points from marts.points_balances {where}"
    )
    (tier,) = warehouse.rows(
        "select tier, tier_since, spend_amount, projected_tier, next_tier"
        f" from marts.tier_standings {where}"
    )
    return {
        "balance": balance,
        "tier": tier,
        "lots": warehouse.rows(
            "select lot_id, original_points, repaid_points, redeemed_points, reversed_points,"
            " refunded_points, expired_points, remaining_points, is_pending, valid_through"
            f" from marts.points_lots {where} order by lot_id"
        ),
        "entries": warehouse.rows(
            "select business_date, entry_type, points, lot_id, transaction_id, rule_id,"
            f" rule_version from marts.points_ledger {where} order by cast(row(business_date,"
            " entry_type, points, lot_id, transaction_id, rule_id, rule_version) as text)"
        ),
    }


def as_told(account: Account) -> dict[str, Any]:
    tier = account.tier
    return {
        "balance": (
            account.balance,
            account.available,
            account.pending,
            account.debt,
            account.next_expiry_date,
            account.next_expiry_points,
        ),
        "tier": (tier.tier, tier.since, tier.spend, tier.reached_tier, tier.next_tier),
        "lots": sorted(
            (
                lot.lot_id,
                lot.original,
                lot.repaid,
                lot.spent,
                lot.reversed,
                lot.refunded,
                lot.expired,
                lot.remaining,
                lot.is_pending,
                lot.valid_through,
            )
            for lot in account.lots
        ),
        "entries": [
            (
                entry.business_date,
                entry.entry_type,
                entry.points,
                entry.lot_id,
                entry.transaction_id,
                entry.rule_id,
                entry.version,
            )
            for entry in account.entries
        ],
    }


@dataclass
class Built:
    """What the marts said when they were built for a day: accounts by customer, the liability."""

    accounts: dict[str, dict[str, Any]]
    liability: tuple[Any, ...]


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, customers: list[str]) -> dict[dt.date, Built]:
    """The marts of some days. In the end they are again those of the last one."""
    found = {}
    for day in [*PAST, LAST_DAY]:
        warehouse.build(day, POINTS)
        (liability,) = warehouse.rows(
            "select sum(outstanding_points), sum(expected_points - used_points),"
            " sum(liability_amount) from marts.points_liability"
        )
        chosen = [*customers[:8], "Ann", "Bob"]
        found[day] = Built({name: as_built(warehouse, name) for name in chosen}, liability)
    return found


def test_an_account_of_any_day_equals_the_build_of_that_day(
    warehouse: Warehouse, built: dict[dt.date, Built]
) -> None:
    told = {
        (day, name): at(warehouse.url, name, day) for day in built for name in built[day].accounts
    }
    for (day, name), account in told.items():
        found, expected = as_told(account), built[day].accounts[name]
        for part in expected:
            assert sorted(map(str, found[part])) == sorted(map(str, expected[part])), (day, name)
    assert {entry.entry_type for account in told.values() for entry in account.entries} == {
        "OPENING", "EARN", "BONUS", "REDEEM", "REFUND", "REVERSE", "EXPIRE", "ADJUST",
    }  # fmt: skip


def test_the_lines_add_up_and_the_sentence_says_how(
    warehouse: Warehouse, customers: list[str]
) -> None:
    for name in customers[-20:]:
        account = at(warehouse.url, name)
        running = 0
        for entry in account.entries:
            running += entry.points
            assert entry.balance == running
        assert running == account.balance == account.available + account.pending - account.debt
        assert sum(lot.remaining for lot in account.lots) == account.available + account.pending
        assert [entry.business_date for entry in account.entries] == sorted(
            entry.business_date for entry in account.entries
        )
    ann = at(warehouse.url, "Ann")
    assert [(e.business_date.isoformat(), e.entry_type, e.points) for e in ann.entries] == [
        ("2024-03-05", "EARN", 100),
        ("2024-03-05", "BONUS", 50),
        ("2025-03-30", "EARN", 39),
        ("2025-03-30", "REDEEM", -30),
        ("2025-04-01", "EXPIRE", -120),
        ("2025-04-02", "REVERSE", -39),
        ("2025-04-02", "REVERSE", -36),
    ]
    assert sentence(ann) == (
        "Ann has -36 points on 2026-01-31: 139 earned, 50 given as bonus, 30 spent,"
        " 75 taken back for returns, 120 expired."
    )


def test_a_lot_names_its_rule_version_and_records(
    warehouse: Warehouse, customers: list[str]
) -> None:
    account = at(warehouse.url, "Bob")
    lot = next(lot for lot in account.lots if lot.transaction_id == "B4" and lot.rule_id == "3")
    assert opened(lot, "EUR") == "2025-12-24 EARN 1,460 on B4, rule 3 v2 3 (700.00 EUR at 2)"
    assert lot.source and lot.source.file == "store_sales_header.csv"
    ((row,),) = warehouse.rows(
        "select transaction_id from raw.store_sales_header"
        f" where _batch_id = {lot.source.batch_id} and _row_number = {lot.source.row}"
    )
    assert row == "B4"
    assert str(lot.rule_source).startswith("loyalty_rules.csv row 1 (batch ")
    assert "net spend of 700.00 EUR" in tier_sentence(account.tier, account.date, "EUR")
    assert "Tier Silver since 2025-12-24" in tier_sentence(account.tier, account.date, "EUR")


def test_what_cannot_be_known_is_refused(warehouse: Warehouse, customers: list[str]) -> None:
    with pytest.raises(PointsError, match="no customer 'Zoe'"):
        at(warehouse.url, "Zoe")
    with pytest.raises(PointsError, match="2026-02-01 is later than the business date"):
        at(warehouse.url, "Ann", LAST_DAY + dt.timedelta(days=1))
    nothing = at(warehouse.url, "Ann", dt.date(2020, 1, 1))
    assert sentence(nothing) == (
        "Ann has 0 points on 2020-01-01: nothing was ever earned or spent."
    )


def test_the_liability_of_any_day_is_that_of_the_build_of_that_day(
    warehouse: Warehouse, built: dict[dt.date, Built]
) -> None:
    daily = {
        day: figures
        for day, *figures in warehouse.rows(
            "select business_date, outstanding_points, expected_points, liability_amount"
            " from marts.points_liability_daily"
        )
    }
    for day in built:
        points, expected, amount = built[day].liability
        assert points == daily[day][0]
        assert float(expected) == pytest.approx(float(daily[day][1]), abs=0.01)
        assert float(amount) == pytest.approx(float(daily[day][2]), abs=0.002)
    # Ann's points of 2024 ran out in April: from then on most are expected to run out, too.
    before, after = (daily[dt.date(2025, month, 1)] for month in (3, 6))
    assert before[0] == before[1] and 0 < after[1] < after[0] / 50
    assert 100 < daily[LAST_DAY][1] < daily[LAST_DAY][0] / 100


def test_rules_tell_their_versions_and_which_are_in_force(
    warehouse: Warehouse, customers: list[str]
) -> None:
    found = rules(SETTINGS, warehouse.url)
    versions = {(version.kind, version.id, version.version): version for version in found.versions}
    assert found.business_date == LAST_DAY
    old, new = versions["rule", "3", 1], versions["rule", "3", 2]
    assert (old.first_day, old.last_day, old.status) == (None, dt.date(2025, 12, 23), "over")
    assert (new.first_day, new.last_day, new.status) == (dt.date(2025, 12, 24), None, "in force")
    assert (new.rate, new.threshold, new.bonus) == (2, 100, 60)
    assert str(new.source) == f"loyalty_rules.csv row 1 (batch {new.source.batch_id})"  # type: ignore[union-attr]
    assert versions["rule", "R1", 1].conditions == ("on Sat, Sun",)
    assert versions["rule", "R0", 1].conditions[0] == "category toys"
    assert versions["rule", "R2", 1].status == "over"
    assert versions["rule", "R4", 1].status == "off"
    assert versions["rule", "R7", 1].conditions == ("on joining",)
    assert versions["promotion", "P1", 1].status == "to come"
