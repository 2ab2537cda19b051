"""What customers are told: once, only with consent, not too often; and the file that tells it."""

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_lens.errors import CampaignError
from loyalty_lens.notifications.delivery import Delivered, deliver
from loyalty_lens.settings import Settings
from tests.conftest import NewDatabase
from tests.dbt.warehouse import NO_TESTS, Warehouse

DAY = dt.date(2026, 1, 31)
EVIL = "=1+1"
CONSENT = {
    "earner": "yes",
    "silent": None,
    "refuser": "no",
    "holder": "yes",
    "saver": "yes",
    EVIL: "yes",
}
SALES = [
    ("earner", dt.date(2026, 1, 30), 40),
    ("silent", dt.date(2026, 1, 30), 40),
    ("refuser", dt.date(2026, 1, 30), 40),
    ("holder", dt.date(2025, 1, 20), 600),  # Silver, out of the year since, in grace
    ("saver", dt.date(2025, 1, 15), 300),  # valid through the day itself
    ("saver", dt.date(2025, 2, 15), 1000),  # through 28 February
    (EVIL, dt.date(2025, 6, 1), 20),
    (EVIL, dt.date(2026, 1, 29), 600),  # Silver
]
COLUMNS = (
    "customer_id, template, earned_points, balance_points, expiring_7_points, expiring_30_points,"
    " reached_tier, at_risk_tier"
)


def sell(warehouse: Warehouse, sales: list[tuple[str, dt.date, int]]) -> None:
    warehouse.load(
        "store_sales_header",
        [
            {
                "transaction_id": f"{customer} {day}",
                "customer_id": customer,
                "store_id": "S",
                "transaction_date": day,
                "total_amount": amount,
            }
            for customer, day, amount in sales
        ],
        arrival=max(day for _, day, _ in sales),
    )


def build(warehouse: Warehouse, day: dt.date) -> list[tuple[object, ...]]:
    """The outbox of a day."""
    warehouse.dbt("build", *NO_TESTS, "--select", "+notification_outbox", business_date=day)
    return warehouse.rows(
        f'select {COLUMNS} from marts.notification_outbox order by customer_id collate "C"'
    )


@pytest.fixture(scope="module")
def warehouse(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("notifications"))
    warehouse.load("stores", [{"store_id": "S"}])
    warehouse.load(
        "customer_details",
        [
            {"customer_id": name, "marketing_consent": says, "loyalty_status": "Bronze"}
            for name, says in CONSENT.items()
        ],
        file_date=dt.date(2025, 1, 1),
    )
    rule = {"rule_id": "1", "points_per_unit_spend": 1, "min_spend_threshold": 0, "bonus_points": 0}
    warehouse.load("loyalty_rules", [rule])
    sell(warehouse, SALES)
    yield warehouse
    warehouse.close()


def send(warehouse: Warehouse, folder: Path, **changes: str) -> Delivered:
    settings = Settings.from_environment({"LENS_HOME": str(folder), **changes})
    return deliver(settings, warehouse.url, None)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_thing_is_told_once_and_together(warehouse: Warehouse, tmp_path: Path) -> None:
    assert build(warehouse, DAY) == [
        (EVIL, "tier_reached", 600, 620, 0, 0, "Silver", None),
        ("earner", "points_earned", 40, 40, 0, 0, None, None),
        ("holder", "points_expire_7", 0, 600, 600, 0, None, "Silver"),
        ("saver", "points_expire_7", 0, 1300, 300, 1000, None, None),
    ]
    bodies = dict(warehouse.rows("select customer_id, body from marts.notification_outbox"))
    assert bodies["saver"] == (
        "300 of your points expire by 2026-01-31. 1,000 of your points expire by 2026-02-28."
    )
    assert bodies["holder"].endswith(" 500.00 EUR more keeps your Silver status.")

    done = send(warehouse, tmp_path)
    (file,) = done.files
    assert (done.messages, file.stat().st_mode & 0o777) == (4, 0o600)
    assert file.parent.name == str(DAY)
    evil, earner, _, saver = lines(file)
    assert (earner["customer_id"], earner["subject"]) == ("earner", "You have earned 40 points")
    assert earner["body"] == "You have earned 40 points; your balance is 40."
    assert evil["body"] == (
        "You have reached Silver. You have earned 600 points; your balance is 620."
    )
    assert saver["expiring_7_points"] == 300

    # Again, and after another build of the same day: nothing.
    assert send(warehouse, tmp_path).files == ()
    assert build(warehouse, DAY) == []

    # The day after somebody buys: the message waits until three days have passed since the last.
    sell(warehouse, [("earner", dt.date(2026, 2, 1), 7), ("saver", dt.date(2026, 2, 1), 5)])
    assert build(warehouse, dt.date(2026, 2, 1)) == []
    found = build(warehouse, dt.date(2026, 2, 3))
    assert [(row[0], row[2]) for row in found] == [("earner", 7), ("saver", 5)]
    # Who withdraws consent in a newer version is not written to, whatever the outbox says.
    warehouse.load(
        "customer_details",
        [{"customer_id": "saver", "marketing_consent": "no"}],
        file_date=dt.date(2026, 2, 4),
    )
    done = send(warehouse, tmp_path, LENS_NOTIFICATIONS="csv")
    with done.files[0].open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["customer_id"], row["earned_points"], row["balance_points"]) == (
        "earner",
        "7",
        "47",
    )


def test_a_file_that_could_not_be_written_comes_with_the_next_delivery(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """The record is first: what it holds is never sent in a second file of another name."""
    sell(warehouse, [(EVIL, dt.date(2026, 2, 10), 9)])
    build(warehouse, dt.date(2026, 2, 10))
    blocked = tmp_path / "exports"
    blocked.touch()
    with pytest.raises(CampaignError, match="cannot be written"):
        send(warehouse, tmp_path)
    blocked.unlink()
    done = send(warehouse, tmp_path)
    assert done.messages == 1
    (message,) = lines(done.files[0])
    assert (message["customer_id"], message["earned_points"]) == (EVIL, 9)
    assert send(warehouse, tmp_path).files == ()
    # In a CSV no id is a formula.
    warehouse.execute(
        "update ops.notification_files set written_at = null, file = '"
        + str(tmp_path / "again.csv")
        + "' where delivery_id = (select max("
        "delivery_id) from ops.notification_files)"
    )
    text = send(warehouse, tmp_path).files[0].read_text("utf-8-sig")
    assert f"'{EVIL}," in text


def test_off_means_off(warehouse: Warehouse, tmp_path: Path) -> None:
    sell(warehouse, [("earner", dt.date(2026, 3, 1), 9)])
    assert len(build(warehouse, dt.date(2026, 3, 1))) > 0
    assert send(warehouse, tmp_path, LENS_NOTIFICATIONS="off").files == ()
    assert not (tmp_path / "exports").exists()
