"""Semantics section 12: golden numbers, from delivered rows through gate and dbt to the score."""

import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from loyalty_lens.quality.suites import SUITES
from loyalty_lens.worker import Worker
from tests.dbt.warehouse import Warehouse as Project
from tests.integration.quality.warehouse import Warehouse, deliver_masters, sale

CUSTOMERS = "customer_details"
HEADERS = "store_sales_header"
MODELS = ("dq_rule_results", "dq_days", "dq_check_results", "dq_scores")
# E-mail and phone are required, a number has a range, one row a customer.
SUITE = [
    ("expect_column_values_to_not_be_null", {"column": "email"}, "missing_field", "completeness"),
    (
        "expect_column_values_to_be_in_set",
        {"column": "_given_customer_phone", "value_set": [True]},
        "missing_field",
        "completeness",
    ),
    (
        "expect_column_values_to_be_between",
        {"column": "annual_income", "max_value": 120},
        "out_of_range",
        "validity",
    ),
    (
        "expect_column_values_to_be_in_set",
        {"column": "_differs_in_file", "value_set": [False]},
        "different_versions_in_file",
        "uniqueness",
    ),
]


@pytest.fixture(scope="module")
def shop(
    new_database: Callable[[], str], gx_worker: Worker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Project]]:
    """A warehouse with the suite above, and the project that scores it."""
    folder = tmp_path_factory.mktemp("scores")
    suites = Path(shutil.copytree(SUITES, folder / "suites"))
    entries = [
        {
            "type": kind,
            "kwargs": kwargs,
            "meta": {"rule_id": rule, "severity": "warn", "dimension": dimension},
        }
        for kind, kwargs, rule, dimension in SUITE
    ]
    (suites / f"{CUSTOMERS}.yml").write_text(yaml.safe_dump({"expectations": entries}))
    url = new_database()
    project = Project(url, folder)
    yield Warehouse(url, gx_worker, suites), project
    project.close()


def customers() -> list[dict[str, str | None]]:
    """Ten rows: an e-mail and a phone missing, one id twice, one number beyond its range."""
    rows: list[dict[str, str | None]] = [
        {
            "customer_id": f"C{number}",
            "email": f"c{number}@example.com",
            "customer_phone": f"555000{number}",
            "annual_income": "45",
        }
        for number in range(10)
    ]
    rows[1]["email"] = rows[2]["customer_phone"] = None
    rows[3]["annual_income"] = "150"
    rows[9]["customer_id"] = "C8"
    return rows


def scores(project: Project, data_set: str, date: str) -> dict[str, Decimal | None]:
    """Dimension: score of the day, built anew."""
    project.dbt("run", "--select", *MODELS)
    found = project.rows(
        "select dimension, score from marts.dq_scores"
        f" where data_set = '{data_set}' and score_date = '{date}'"
    )
    return dict(found)


def test_golden_score_of_ten_customers(shop: tuple[Warehouse, Project]) -> None:
    warehouse, project = shop
    warehouse.deliver(CUSTOMERS, *customers(), file_date="2026-01-05")
    warehouse.judge()
    project.dbt("seed")
    golden = {
        "completeness": 90,
        "uniqueness": 90,
        "validity": 90,
        "timeliness": 100,
        "consistency": None,
        "accuracy": None,
        "all": Decimal("92.5"),
    }
    assert scores(project, CUSTOMERS, "2026-01-05") == golden
    weights = {"completeness": 0.3, "uniqueness": 0.2, "validity": 0.3, "timeliness": 0.2}
    for dimension, weight in weights.items():
        project.execute(
            f"insert into clean.dq_weights values ('{CUSTOMERS}', '{dimension}', {weight})"
        )
    assert scores(project, CUSTOMERS, "2026-01-05") == {**golden, "all": 92}
    project.dbt("seed")


def test_a_copy_in_the_file_is_surplus_once_whether_it_differs_or_not(
    shop: tuple[Warehouse, Project],
) -> None:
    warehouse, project = shop
    rows = customers()
    rows[9] = rows[8]
    warehouse.deliver(CUSTOMERS, *rows, file_date="2026-01-06")
    warehouse.judge()
    assert scores(project, CUSTOMERS, "2026-01-06")["uniqueness"] == 90


def test_five_per_cent_nulls_move_completeness_by_five_points_and_judging_twice_by_none(
    shop: tuple[Warehouse, Project],
) -> None:
    warehouse, project = shop
    deliver_masters(warehouse, "stores")
    days = {"2026-01-07": 0, "2026-01-08": 5}
    for date, nulls in days.items():
        rows = [
            sale(f"{date}-{n}", customer_id=None, transaction_date=date, total_amount=str(n))
            for n in range(1, 101)
        ]
        for place, column in enumerate(
            ("transaction_id", "store_id", "transaction_date", "total_amount")
        ):
            for row in rows[place * nulls : (place + 1) * nulls]:
                row[column] = None
        warehouse.deliver(HEADERS, *rows, file_date=date)
    warehouse.judge()
    for _ in "once", "twice":
        assert [scores(project, HEADERS, date)["completeness"] for date in days] == [100, 95]
        warehouse.query(
            "update ops.load_batches set status = 'loaded' where data_set = %s", HEADERS
        )
        warehouse.judge()
    judgements = "select count(distinct validated_at) from ops.validation_results where batch_id ="
    assert warehouse.query(f"{judgements} {warehouse.batch_ids[-1]}") == [(3,)]
    assert project.rows(
        "select max(rows_evaluated) from marts.dq_check_results"
        f" where data_set = '{HEADERS}' and score_date = '2026-01-08'"
    ) == [(100,)]
