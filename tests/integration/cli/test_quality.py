"""`lens status`, `lens profile` and `lens docs quality` after one run of the tiny shop."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.integration.cli.lens import Lens
from tests.integration.pipeline.worlds import SMALL_SHOP

UNKNOWN = "T9,C9,S1,2026-01-04 10:00:00,120\n"


@pytest.fixture(scope="module")
def lens(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Lens:
    """A shop with one sale of a customer that nobody knows, worth 170 points, loaded by a run."""
    lens = Lens(tmp_path_factory.mktemp("quality home"), new_database())
    assert "No run yet" in lens.works("status")
    shop = tmp_path_factory.mktemp("shop")
    for name, text in SMALL_SHOP.items():
        (shop / name).write_text(text + (UNKNOWN if name.startswith("store_sales_header") else ""))
    lens.has_run(shop)
    return lens


def rows(lens: Lens, query: str) -> list[tuple[Any, ...]]:
    with (
        closing(psycopg2.connect(lens.environment["LENS_DATABASE_URL"])) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query)
        return cursor.fetchall()


def test_status_tells_scores_rejects_with_their_cost_and_runs_at_80_columns(lens: Lens) -> None:
    told = lens.works("status", COLUMNS="80")
    for pattern in (
        r"customer_details +1 +4 +4 +0 +0 +0",
        r"store_sales_header +(PASS|BELOW TARGET) +\d+\.\d\d +87 +2026-01-04 +0 d +1 d",
        r"store_sales_header +unknown_customer +1 +120\.00 +170",
        r"cli +success +2026-01-04",
        r"Never delivered: points_events, store_inventory",
        r"Newest accepted sale: 2026-01-04",
        r"Last run: success",
    ):
        assert re.search(pattern, told), f"{pattern}\n{told}"
    assert [line for line in told.splitlines() if len(line.rstrip()) > 80] == []


def test_status_is_there_for_machines(lens: Lens) -> None:
    told = json.loads(lens.works("status", "--json"))
    scores = {score["data_set"]: score for score in told["scores"]}
    assert scores["store_sales_header"]["target"] == "87.0000"
    assert told["rejects"] == [
        {
            "data_set": "store_sales_header",
            "rule_id": "unknown_customer",
            "rows": 1,
            "money": "120.0000",
            "points": 170,
        }
    ]
    assert told["last_run"]["status"] == "success"
    assert (told["held"], told["waiting"]) == ([], {})


def test_status_names_what_is_held(lens: Lens) -> None:
    hold = "update ops.load_batches set status = '{}', held_because = {} where data_set = 'stores'"
    url = lens.environment["LENS_DATABASE_URL"]
    for status, message in (("held", "'half as many rows as usual'"), ("validated", "null")):
        with (
            closing(psycopg2.connect(url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(hold.format(status, message))
        told = lens.works("status")
        assert told.count("half as many rows as usual") == (status == "held")


def test_profile_keeps_figures_of_every_column_but_no_personal_value(lens: Lens) -> None:
    told = lens.works("profile", COLUMNS="80")
    assert re.search(r"total_amount +0 % +6 +10 +120 +2-3", told), told
    assert re.search(r"customer_id +17 % +3 +C1 +C3 +2", told), told
    assert "customer_id: A9 100 %; C1 (2); C2 (2)" in told
    assert re.search(r"email +0 % +4 +personal +personal +15", told), told
    assert "@example.com" not in told
    assert "points_events: no accepted rows" in told
    kept = "select lowest, highest, top_values, distinct_values, pattern from ops.column_profiles"
    assert rows(lens, f"{kept} where column_name = 'email'") == [(None, None, None, 4, "a+@a+.a+")]
    assert rows(lens, f"{kept} where column_name = 'total_amount'") == [
        (
            "10",
            "120",
            [{"rows": 1, "value": value} for value in ("10", "120", "20", "30", "50")],
            6,
            "99",
        )
    ]
    assert "ann@example" in lens.works("profile", "customer_details", "--with-personal")


def test_a_sample_says_that_it_is_one(lens: Lens) -> None:
    told = lens.works("profile", "store_sales_line_items", "--sample", "4")
    assert re.search(r"store_sales_line_items: \d of 8 rows looked at, ~ is an estimate", told)
    assert re.search(r"product_id +0 % +~\d", told), told
    refusal = lens.refusal("profile", "sales")
    assert "no such data set; there are stores, products" in refusal


def test_data_docs_need_nothing_from_elsewhere(lens: Lens, tmp_path: Path) -> None:
    told = lens.works("docs", "quality", "--out", str(tmp_path / "docs"))
    assert f"written: {tmp_path / 'docs' / 'index.html'}" in told
    pages = {path.name: path.read_text() for path in (tmp_path / "docs").iterdir()}
    assert len(pages) == 8
    assert "unknown_customer (1)" in pages["index.html"]
    header = pages["store_sales_header.html"]
    assert "unknown_customer (reject, consistency)" in header
    assert "1 unexpected values found" in header
    assert [name for name, text in pages.items() if "://" in text or "<script" in text] == []
