"""Lists on a real warehouse: who is in the file, who is held out, who may not be written to."""

import csv
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_lens.campaigns.conditions import Condition
from loyalty_lens.campaigns.definition import Campaign
from loyalty_lens.campaigns.export import Exported, export, export_all
from loyalty_lens.campaigns.segments import segment_list
from loyalty_lens.errors import CampaignError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.integration.cli.typed import Typed

DAY = dt.date(2026, 1, 31)
CUSTOMERS = 200
EVIL = "=cmd|' /C calc'!A0"
BUYERS = Campaign("buyers", "Buyers", (Condition("frequency", "at_least", (1,)),))


@pytest.fixture(scope="module")
def warehouse(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """200 customers with a purchase each; of ten, seven say yes, two no, and one says nothing."""
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("lists"))
    warehouse.load("stores", [{"store_id": "A"}])
    says = ("yes", "yes", "yes", "yes", "yes", "yes", "yes", "no", "no", None)
    warehouse.load(
        "customer_details",
        [
            {
                "customer_id": f"C{number:03}",
                "first_name": EVIL if number == 0 else f"Name {number}",
                "city": "O'Hare; drop table x --" if number < 60 else "Town",
                "marketing_consent": says[number % 10],
            }
            for number in range(CUSTOMERS)
        ],
    )
    warehouse.load(
        "store_sales_header",
        [
            {
                "transaction_id": f"T{number:03}",
                "customer_id": f"C{number:03}",
                "store_id": "A",
                "transaction_date": DAY,
                "total_amount": 10 + number,
            }
            for number in range(CUSTOMERS)
        ],
    )
    warehouse.build(DAY)
    yield warehouse
    warehouse.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"LENS_HOME": str(tmp_path)})


Write = Callable[..., Exported]


@pytest.fixture
def write(warehouse: Warehouse, settings: Settings) -> Iterator[Write]:
    """Writes a list; what was recorded of lists is forgotten afterwards."""

    def done(campaign: Campaign, settings: Settings = settings, **more: Path) -> Exported:
        with connected(warehouse.url) as connection:
            return export(settings, connection, campaign, **more)

    yield done
    warehouse.execute("truncate ops.campaign_exports cascade")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def members(warehouse: Warehouse) -> dict[str, tuple[str, bool, str | None]]:
    found = warehouse.rows("select customer_id, arm, is_exported, reason from ops.campaign_members")
    return {customer: (arm, exported, reason) for customer, arm, exported, reason in found}


def test_only_those_who_consent_leave_the_house(write: Write, warehouse: Warehouse) -> None:
    done = write(BUYERS)
    assert done.lines()[-1] == (
        "200 selected, 140 exported: 40 without consent, 20 without consent information"
    )
    assert done.path.name == "buyers.csv" and done.path.parent.name == str(DAY)
    assert done.path.stat().st_mode & 0o777 == 0o600
    exported = {row["customer_id"] for row in rows(done.path)}
    assert exported == {f"C{n:03}" for n in range(CUSTOMERS) if n % 10 < 7}
    found = members(warehouse)
    assert len(found) == CUSTOMERS
    assert found["C000"] == ("treated", True, None)
    assert found["C007"] == ("excluded", False, "without consent")
    assert found["C009"] == ("excluded", False, "consent unknown")


def test_a_file_holds_no_formula(write: Write) -> None:
    named = replace(BUYERS, columns=("customer_id", "first_name", "monetary"))
    (row,) = (row for row in rows(write(named).path) if row["customer_id"] == "C000")
    assert row == {"customer_id": "C000", "first_name": "'" + EVIL, "monetary": "10.0000"}


def test_who_is_held_out_follows_from_a_hash_alone(write: Write, warehouse: Warehouse) -> None:
    campaign = replace(BUYERS, holdout=Decimal("0.25"))
    done = write(campaign)
    reachable = [f"C{n:03}" for n in range(CUSTOMERS) if n % 10 < 7]
    places = {
        customer: int(hashlib.md5(f"buyers:{customer}".encode()).hexdigest()[:8], 16) / 2**32  # noqa: S324
        for customer in reachable
    }
    held_out = {customer for customer, place in places.items() if place < 0.25}
    assert 20 < len(held_out) < 50
    found = members(warehouse)
    assert {name for name, (arm, _, _) in found.items() if arm == "holdout"} == held_out
    assert {row["customer_id"] for row in rows(done.path)} == set(reachable) - held_out
    assert f": {len(held_out)} held out, 40 without" in done.lines()[-1]


def test_the_same_list_again_is_recorded_once(write: Write, warehouse: Warehouse) -> None:
    campaign = replace(BUYERS, holdout=Decimal("0.25"))
    first = write(campaign).path.read_bytes()
    assert write(campaign).path.read_bytes() == first
    assert warehouse.rows("select count(*) from ops.campaign_exports") == [(1,)]
    write(replace(campaign, columns=("customer_id",)))
    assert warehouse.rows("select count(*) from ops.campaign_exports") == [(2,)]
    warehouse.dbt("run", "--select", "campaign_lists", business_date=DAY)
    assert warehouse.rows(
        "select campaign_id, business_date, selected_count from marts.campaign_lists",
        role="lens_bi",
    ) == [("buyers", DAY, 200)]


def test_an_arm_once_given_stays_until_nobody_is_held_out(
    write: Write, warehouse: Warehouse
) -> None:
    write(replace(BUYERS, holdout=Decimal("0.2")))
    before = {name: arm for name, (arm, _, _) in members(warehouse).items()}
    assert "holdout" in before.values()
    larger = write(replace(BUYERS, holdout=Decimal("0.5"), columns=("customer_id",)))
    assert larger.counts.held_out == list(before.values()).count("holdout")
    few = replace(BUYERS, holdout=Decimal("0.5"))
    few = replace(few, conditions=(*few.conditions, Condition("monetary", "below", (50,))))
    held = write(few)
    assert held.is_holdout_skipped and held.counts.held_out > 0
    assert write(BUYERS).counts.held_out == 0


def test_of_fewer_than_fifty_nobody_is_held_out(write: Write) -> None:
    few = replace(BUYERS, holdout=Decimal("0.5"))
    few = replace(few, conditions=(Condition("monetary", "below", (79,)),))
    done = write(few)
    assert done.counts.reachable == 49
    assert done.lines()[1:] == [
        "no new holdout: 49 may be written to, fewer than 50",
        "69 selected, 49 exported: 14 without consent, 6 without consent information",
    ]
    more = replace(few, conditions=(Condition("monetary", "below", (81,)),))
    assert write(replace(more, campaign_id="more")).counts.held_out > 0


def test_who_withdrew_consent_since_is_not_written_to(write: Write, warehouse: Warehouse) -> None:
    later = DAY + dt.timedelta(days=3)
    batch = warehouse.load(
        "customer_details",
        [
            {"customer_id": "C001", "marketing_consent": "no"},
            {"customer_id": "C002", "city": "Elsewhere"},
            {"customer_id": "C007", "marketing_consent": "yes"},
        ],
        file_date=later,
    )
    try:
        write(BUYERS)
        found = members(warehouse)
    finally:
        warehouse.execute(
            f"update ops.load_batches set status = 'unloaded' where batch_id = {batch}"
        )
    assert found["C001"] == ("excluded", False, "without consent")
    assert found["C002"] == ("excluded", False, "consent unknown")
    assert found["C007"] == ("excluded", False, "without consent")  # a yes to come is none yet


def test_without_any_consent_delivered_a_setting_decides(
    new_database: NewDatabase, settings: Settings, tmp_path: Path
) -> None:
    warehouse = Warehouse(new_database(), tmp_path)
    warehouse.load("stores", [{"store_id": "A"}])
    sale = {"store_id": "A", "transaction_date": DAY, "total_amount": 10}
    warehouse.load(
        "store_sales_header",
        [{"transaction_id": f"T{n}", "customer_id": f"C{n}", **sale} for n in range(3)],
    )
    warehouse.build(DAY)
    include = replace(settings, consent_when_missing="include")
    try:
        with connected(warehouse.url) as connection:
            told = [export(each, connection, BUYERS).lines()[-1] for each in (settings, include)]
            assert told == [
                "3 selected, 0 exported: 3 without consent information",
                "3 selected, 3 exported",
            ]
        # As soon as one customer was asked, the others were not.
        warehouse.load("customer_details", [{"customer_id": "C0", "marketing_consent": "yes"}])
        warehouse.build(DAY)
        with connected(warehouse.url) as connection:
            done = export(include, connection, BUYERS)
        assert done.lines()[-1] == "3 selected, 1 exported: 2 without consent information"
    finally:
        warehouse.close()


@pytest.mark.parametrize(
    ("conditions", "columns", "told"),
    [
        ((Condition("value_segment", "is", ("High Value At Risk",)),), (), "High Value - At Risk"),
        ((Condition("tier", "is", ("Wood",)),), (), "Bronze, Silver, Gold, Platinum"),
        ((Condition('frequency" = 1 or "frequency', "is", (1,)),), (), "there is no column"),
        ((), ('customer_id" from pg_user --',), "there is no column"),
        ((Condition("frequency", "at_least", ("1 or true",)),), (), "use a number"),
    ],
)
def test_a_wrong_list_is_told_and_leaves_nothing(
    write: Write,
    settings: Settings,
    warehouse: Warehouse,
    conditions: tuple[Condition, ...],
    columns: tuple[str, ...],
    told: str,
) -> None:
    wrong = replace(
        BUYERS,
        conditions=conditions or BUYERS.conditions,
        columns=("customer_id", *columns),
    )
    with pytest.raises(CampaignError) as refused:
        write(wrong)
    assert told in str(refused.value) and "\n" not in str(refused.value)
    assert not settings.exports.exists()
    assert members(warehouse) == {}


def test_values_are_values_whatever_they_hold(write: Write) -> None:
    city = Condition("city", "is", ("O'Hare; drop table x --",))
    assert write(replace(BUYERS, conditions=(city,))).counts.selected == 60
    other = Condition("city", "is_not", ("O'Hare; drop table x --", "100 % {x} \\"))
    assert write(replace(BUYERS, conditions=(other,))).counts.selected == CUSTOMERS - 60


def test_a_file_that_cannot_be_put_there_is_told(
    write: Write, warehouse: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(CampaignError, match="taken: cannot be written"):
        write(BUYERS, path=tmp_path / "taken")
    assert members(warehouse) == {}


def test_a_segment_is_found_by_its_name_in_every_scheme(
    warehouse: Warehouse, settings: Settings, write: Write
) -> None:
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        for name, column, value in (
            ("high value -  at risk", "value_segment", "High Value - At Risk"),
            ("hs", "segment_id", "HS"),
            ("At-Risk", "segment_name", "At-Risk"),
            ("at risk", "rfm_segment", "At Risk"),
            ("prospect", "value_segment", "Prospect"),
        ):
            found = segment_list(cursor, name)
            assert found.conditions == (Condition(column, "is", (value,)),)
        with pytest.raises(CampaignError, match=r"no segment .*use one of: High Value - Active"):
            segment_list(cursor, "'; drop table x --")
        spenders = segment_list(cursor, "high-spender")
    done = write(spenders)
    assert done.path.name == "segment_high_spender.csv"
    assert done.counts.selected == 20


def test_a_wrong_list_stops_no_other(
    warehouse: Warehouse, settings: Settings, tmp_path: Path, write: Write
) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(
        "campaigns: {bad: {where: {tear: Gold}}, good: {where: {frequency: {at_least: 1}}}}"
    )
    done = export_all(replace(settings, campaigns=file), warehouse.url, "run 1")
    assert [each.campaign.campaign_id for each in done.exported] == ["good"]
    assert done.problems == ("list 'bad': there is no column 'tear' to choose by",)
    assert warehouse.rows("select run_id from ops.campaign_exports") == [("run 1",)]
    missing = replace(settings, campaigns=tmp_path / "none.yml")
    assert "cannot be read" in export_all(missing, warehouse.url, "run 2").problems[0]


def test_the_action_list_tells_what_is_at_stake(warehouse: Warehouse) -> None:
    assert warehouse.rows(
        "select count(*), bool_and(actions.action = customers.action) from marts.action_list"
        " as actions inner join marts.customer_details as customers using (customer_id)"
    ) == [(CUSTOMERS, True)]


def test_lists_by_hand(warehouse: Warehouse, tmp_path: Path, write: Write) -> None:
    lens = Typed(tmp_path, warehouse.url)
    told = lens.works("export", "segment", "High-Spender", "--columns", "email", "--reason", "gala")
    path, counts = told.splitlines()
    assert path == str(tmp_path / "exports" / str(DAY) / "segment_high_spender.csv")
    assert counts.startswith("20 selected, 14 exported: 4 without consent, 2 without")
    assert list(rows(Path(path))[0]) == ["customer_id", "email"]
    assert warehouse.rows(
        "select action, reason, details ->> 'rows' from ops.audit_log"
        " order by entry_id desc limit 1"
    ) == [("export", "gala", "14")]
    told = lens.works("export", "campaign", "win_back_high_value", "--out", str(tmp_path / "a.csv"))
    assert told.splitlines()[0] == str(tmp_path / "a.csv") and "selected, " in told
    again = ("export", "campaign", "win_back_high_value", "--out", str(tmp_path / "a.csv"))
    assert "exists already" in lens.refusal(*again)
    assert "there are: win_back_high_value, " in lens.refusal("export", "campaign", "x")
    assert "--reason is empty" in lens.refusal("export", "segment", "HS", "--reason", " ")
    assert "share such as 0.10" in lens.refusal("export", "segment", "HS", "--holdout", "half")
