"""Campaigns with a control group: by hand, and on a published experiment with 64,000 customers."""

import csv
import datetime as dt
import lzma
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extras import execute_values

from loyalty_lens.warehouse.connection import connect
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "hillstrom" / "hillstrom.csv.xz"
# Visit, conversion and spend of each arm, as published (to the digits given).
PUBLISHED = {
    "Mens E-Mail": (0.1828, 0.0125, 1.42),
    "Womens E-Mail": (0.1514, 0.0088, 1.08),
    "No E-Mail": (0.1062, 0.0057, 0.65),
}
DRAWN = dt.date(2026, 1, 1)
SENT = dt.date(2026, 1, 5)

Member = tuple[str, str]  # customer, arm


@pytest.fixture
def empty(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    yield warehouse
    warehouse.close()


def write_list(
    warehouse: Warehouse,
    campaign: str,
    members: Sequence[Member],
    day: dt.date = DRAWN,
    category: str | None = "Goods",
) -> None:
    """What an export leaves behind: the list, and who was on it."""
    with closing(connect(warehouse.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.campaign_exports (campaign_id, title, business_date, definition,"
            " category, holdout_ratio, is_holdout_skipped, selected_count, exported_count,"
            " holdout_count, without_consent_count, consent_unknown_count, file, content)"
            " values (%s, %s, %s, '{}', %s, 0.5, false, 0, 0, 0, 0, 0, '', '')"
            " returning export_id",
            (campaign, campaign, day, category),
        )
        ((export_id,),) = cursor.fetchall()
        reasons = {"treated": None, "holdout": "held out", "excluded": "without consent"}
        execute_values(
            cursor,
            "insert into ops.campaign_members (export_id, campaign_id, business_date, customer_id,"
            " arm, is_exported, reason, value_segment) values %s",
            [
                (export_id, campaign, day, customer, arm, arm == "treated", reasons[arm], "Base")
                for customer, arm in members
            ],
        )


def sell(warehouse: Warehouse, sales: Sequence[tuple[str, dt.date, str, object]]) -> None:
    """A sale each: customer, day, category, amount."""
    keys = [f"T{number}" for number in range(len(sales))]
    warehouse.load(
        "store_sales_header",
        [
            {
                "transaction_id": key,
                "customer_id": customer,
                "store_id": "A",
                "transaction_date": day,
                "total_amount": amount,
                "points_redeemed": 10 if category == "Redeemed" else None,
            }
            for key, (customer, day, category, amount) in zip(keys, sales, strict=True)
        ],
    )
    warehouse.load(
        "store_sales_line_items",
        [
            {
                "transaction_id": key,
                "line_item_id": "1",
                "product_id": category,
                "quantity": 1,
                "line_item_amount": amount,
            }
            for key, (_, _, category, amount) in zip(keys, sales, strict=True)
        ],
    )


def test_arms_are_compared_by_intention_to_treat(empty: Warehouse) -> None:
    """The first arm counts, and only days after the drawing; excluded are not compared."""
    names = ["Goods", "Other", "Redeemed"]
    empty.load("products", [{"product_id": name, "product_category": name} for name in names])
    treated = [(f"T{number}", "treated") for number in range(4)]
    held = [(f"H{number}", "holdout") for number in range(4)]
    write_list(empty, "try", [*treated, *held, ("X", "excluded")])
    write_list(empty, "try", [("H0", "treated"), ("X", "treated")], day=dt.date(2026, 1, 10))
    day, late = dt.date(2026, 1, 20), dt.date(2026, 2, 20)
    sell(
        empty,
        [
            ("T0", day, "goods".title(), 30),
            ("T0", day, "Other", 10),
            ("T1", day, "Goods", 20),
            ("T2", day, "Redeemed", 5),
            ("H0", day, "Goods", 15),
            ("H1", DRAWN, "Goods", 99),  # the day of the drawing itself
            ("H2", late, "Goods", 99),  # 50 days later
            ("X", day, "Goods", 99),  # excluded first, written to later
        ],
    )
    empty.build(dt.date(2026, 3, 1))
    columns = (
        "segment, selected_count, excluded_count, treated_count, treated_visited_count,"
        " treated_bought_count, treated_redeemed_count, treated_bought_again_count,"
        " holdout_count, holdout_visited_count, holdout_bought_count, treated_mean_amount,"
        " holdout_mean_amount, incremental_amount"
    )
    rows = empty.rows(f"select {columns} from marts.campaign_results order by segment")
    # X was written to in the end: an arm of its own, as no arm came before.
    assert rows[0] == ("All", 9, 0, 5, 4, 3, 1, 1, 4, 1, 1, Decimal("32.8"), 3.75, 145.25)
    assert [row[0] for row in rows] == ["All", "Base"]
    (lift,) = empty.rows(
        "select conversion_lift, conversion_lift_low, conversion_lift_high, verdict"
        " from marts.campaign_results where segment = 'All'"
    )
    # 3 of 5 against 1 of 4, error 0.35; 6.8 degrees of freedom by Welch, of which 6 are taken.
    assert [round(float(value), 4) for value in lift[:3]] == [0.35, -0.5064, 1.2064]
    assert lift[3] == "no effect shown"
    assert empty.rows("select count(*) from marts.campaign_outcomes where customer_id = 'X'") == [
        (1,)
    ]


@pytest.mark.skipif(not HILLSTROM.exists(), reason="no data/hillstrom beside the project")
def test_hillstrom_is_found_as_published(empty: Warehouse) -> None:
    """Visits are sales of nothing, conversions sales of goods; everybody held out is in both."""
    with lzma.open(HILLSTROM, "rt", encoding="utf-8") as stream:
        people = [(f"C{number}", row) for number, row in enumerate(csv.DictReader(stream))]
    assert len(people) == 64_000
    empty.load("products", [{"product_id": n, "product_category": n} for n in ("Goods", "Visit")])
    for arm in ("Mens E-Mail", "Womens E-Mail"):
        write_list(
            empty,
            arm,
            [
                (customer, "treated" if row["segment"] == arm else "holdout")
                for customer, row in people
                if row["segment"] in (arm, "No E-Mail")
            ],
        )
    sell(
        empty,
        [
            (customer, SENT, "Goods" if row["conversion"] == "1" else "Visit", row["spend"])
            for customer, row in people
            if row["visit"] == "1"
        ],
    )
    empty.dbt(
        "build",
        "--select",
        "+campaign_results",
        "--exclude-resource-type",
        "test",
        "--exclude-resource-type",
        "unit_test",
        business_date=dt.date(2026, 1, 31),
    )
    columns = ", ".join(
        f"{arm}_{name}"
        for arm in ("treated", "holdout")
        for name in ("visit_ratio", "conversion_ratio", "mean_amount")
    )
    found = {
        campaign: values
        for campaign, *values in empty.rows(
            f"select campaign_id, {columns} from marts.campaign_results where segment = 'All'"
        )
    }
    for campaign, values in found.items():
        published = [*PUBLISHED[campaign], *PUBLISHED["No E-Mail"]]
        digits = (4, 4, 2, 4, 4, 2)
        rounded = [round(float(v), d) for v, d in zip(values, digits, strict=True)]
        assert rounded == published, campaign
    assert set(found) == {"Mens E-Mail", "Womens E-Mail"}
    for campaign in found:
        _check_lifts(empty, campaign, people)


def _check_lifts(
    warehouse: Warehouse, campaign: str, people: list[tuple[str, dict[str, Any]]]
) -> None:
    """The intervals are those of SciPy's Welch test."""
    from scipy import stats

    (row,) = warehouse.rows(
        "select visit_lift, visit_lift_low, visit_lift_high, conversion_lift, conversion_lift_low,"
        " conversion_lift_high, amount_lift, amount_lift_low, amount_lift_high, verdict"
        f" from marts.campaign_results where segment = 'All' and campaign_id = '{campaign}'"
    )
    assert row[9] == "works"
    for place, column in enumerate(("visit", "conversion", "spend")):
        treated, held = (
            [float(each[column]) for _, each in people if each["segment"] == segment]
            for segment in (campaign, "No E-Mail")
        )
        test = stats.ttest_ind(treated, held, equal_var=False)
        interval = test.confidence_interval(0.95)
        low, high = (float(value) for value in row[3 * place + 1 : 3 * place + 3])
        assert (low, high) == pytest.approx((interval.low, interval.high), abs=1e-4)
        assert low > 0
