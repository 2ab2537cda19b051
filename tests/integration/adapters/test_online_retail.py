"""A year of real sales, adapted and run by two commands, against what others found in it.

The figures are of an independent engine (`expected_2010_2011.json`) and published ones (the README
beside it). One run over 305 days: about a minute.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.warehouse.connection import connected
from tests.integration.cli.lens import Lens

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "online_retail_ii"
SETTINGS = {
    "LENS_FEED": "online_retail",
    "LENS_CURRENCY": "GBP",
    "LENS_RFM_MONETARY_BASIS": "gross",
}
# Sold to a customer, at a price: what the published figures are of.
PUBLISHED = "clean.sale_lines where not is_return and customer_id is not null and line_amount > 0"
POST_ROW = Decimal("18.00")  # in Online Retail II, not in its forerunner: one row of postage

Query = Callable[[str], list[tuple[Any, ...]]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is not here"),
]


@pytest.fixture(scope="module")
def output(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What both commands print."""
    home = tmp_path_factory.mktemp("online retail")
    lens = Lens(home, database)
    landing = str(home / "landing")
    source = str(FOLDER / "online_retail_ii_2010_2011.csv.xz")
    adapted = lens.works("adapt", "online-retail", source, "--out", landing)
    dated = ("--business-date", "2011-12-10")
    return adapted + lens.works("run", "--landing", landing, *dated, **SETTINGS)


@pytest.fixture(scope="module")
def query(database: str, output: str) -> Query:
    def ask(statement: str) -> list[tuple[Any, ...]]:
        with connected(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    return ask


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (FOLDER / "expected_2010_2011.json").read_text(), parse_float=Decimal
    )
    return found


def test_no_row_is_lost_on_the_way(output: str, query: Query, expected: dict[str, Any]) -> None:
    assert "305 days from 2010-12-01 to 2011-12-09" in output
    assert "left out" not in output
    read = dict(query("select data_set, sum(rows_read)::int from ops.load_batches group by 1"))
    assert read == {
        "stores": 38,
        "products": 4070,
        "store_sales_header": 25900,
        "store_sales_line_items": expected["rows"],
    }
    identical = query(
        "select sum(rows - 1)::int from (select count(*) as rows from raw.store_sales_line_items"
        " group by transaction_id, product_id, quantity, line_item_amount) as lines"
    )
    assert identical[0][0] >= 5268, "lines that are the same are lines of their own"
    assert query("select count(*) from ops.duplicates") == [(0,)]


def test_what_is_rejected_is_what_the_filters_of_others_leave_out(query: Query) -> None:
    """Corrections of stock and of bad debt, and cancellations of what the file does not hold."""
    found = {
        (data_set, rules): rows
        for data_set in ("store_sales_header", "store_sales_line_items")
        for rules, rows in query(
            f"select array_to_string(rule_ids, ' '), count(*) from reject.{data_set} group by 1"
        )
    }
    assert found == {
        ("store_sales_header", "negative_amount"): 2,
        ("store_sales_header", "return_without_sale"): 614,
        ("store_sales_line_items", "header_rejected negative_amount negative_price"): 2,
        ("store_sales_line_items", "quantity_not_positive"): 1336,
        ("store_sales_line_items", "return_without_sale"): 1536,
    }
    assert query("select count(*) from accepted.store_sales_line_items") == [(539036,)]


def test_rfm_and_segments_equal_an_independent_engine(
    query: Query, expected: dict[str, Any]
) -> None:
    totals = query(
        "select count(*)::int, sum(monetary), sum(frequency)::int,"
        " percentile_cont(0.5) within group (order by monetary)::numeric,"
        " percentile_cont(0.5) within group (order by frequency)::numeric,"
        " percentile_cont(0.5) within group (order by recency_days)::numeric"
        " from marts.customer_rfm"
    )
    keys = ("customers", "monetary", "frequency")
    assert totals == [(*(expected[key] for key in keys), *expected["medians"])]
    ((gross, net, returned),) = query(
        "select sum(gross_monetary), sum(net_monetary), (select -sum(line_amount)"
        " from clean.sale_lines where is_return and is_merchandise and customer_id is not null)"
        " from marts.customer_rfm"
    )
    # A sale falls to 0 at most, where what went back had become dearer.
    assert gross == expected["monetary"]
    assert gross - returned <= net < gross
    segments = query(
        "select value_segment, count(*), round(sum(monetary), 2) from marts.customer_rfm group by 1"
    )
    assert {name: [count, amount] for name, count, amount in segments} == expected["segments"]
    for score in ("r_score", "f_score", "m_score"):
        found = query(f"select {score}::text, count(*) from marts.customer_rfm group by 1")
        assert dict(found) == expected[score], score
    assert query("select count(*) from marts.customer_details where is_high_spender") == [
        (expected["high_spenders"],)
    ]
    top = query(
        "select customer_id, round(monetary, 2) from marts.customer_rfm"
        " order by monetary desc limit 5"
    )
    assert [list(row) for row in top] == expected["top"]


def test_segments_told_what_their_customers_would_do_in_the_next_90_days(query: Query) -> None:
    ratios = {
        (str(date), segment): (ratio, overall)
        for date, segment, ratio, overall in query(
            "select state_date, segment, repurchase_ratio, overall_repurchase_ratio"
            " from marts.segment_validation where scheme = 'value_engagement'"
        )
    }
    dates = sorted({date for date, _ in ratios})
    assert (dates[0], dates[-1]) == ("2010-12-31", "2011-08-31")
    for date in dates:
        best, overall = ratios[date, "High Value - Active & Engaged"]
        worst, _ = ratios[date, "Base Value - Inactive"]
        assert worst < overall < best, date
    # Reckoned by hand from the sales alone: who bought up to the day, and again in the days after.
    assert query(
        "with members as (select distinct customer_id from clean.sale_lines where not is_return"
        " and is_merchandise and business_date <= '2011-08-31'), again as (select distinct"
        " customer_id from clean.sale_lines where not is_return and is_merchandise"
        " and business_date > '2011-08-31' and business_date <= '2011-11-29')"
        " select round(cast(count(again.customer_id) as numeric) / count(*), 6)"
        " from members left join again using (customer_id) where members.customer_id is not null"
    ) == [(ratios["2011-08-31", "Base Value - Inactive"][1],)]


def test_sales_equal_the_published_figures(query: Query) -> None:
    (figures,) = query(
        "select count(*)::int, sum(line_amount), count(distinct customer_id)::int,"
        f" count(distinct transaction_id)::int, count(distinct product_id)::int from {PUBLISHED}"
    )
    assert figures == (397_885, Decimal("8911407.904") + POST_ROW, 4338, 18_532, 3665)
    countries = dict(
        query(f"select store_id, sum(line_amount) from {PUBLISHED} group by 1 order by 2 desc")
    )
    assert list(countries.items())[:3] == [
        ("United Kingdom", Decimal("7308391.554")),
        ("Netherlands", Decimal("285446.34")),
        ("EIRE", Decimal("265545.90")),
    ]
    (best,) = query(
        "select to_char(business_date, 'YYYY-MM'), sum(line_amount)"
        f" from {PUBLISHED} group by 1 order by 2 desc limit 1"
    )
    assert best == ("2011-11", Decimal("1161817.38"))
    assert query("select count(distinct business_date) from clean.sales") == [(305,)]


def test_the_summary_says_which_spend_it_shows(output: str) -> None:
    assert "gross spend GBP" in output
    assert "4,335 with purchases; 434 High-Spenders" in output


def test_what_to_offer_next_is_held_against_what_most_bought(query: Query) -> None:
    """On the last month end before Christmas, when nearly everybody buys the same."""
    ((tested_on, customers, hits, baseline),) = query(
        "select tested_on_date::text, customer_count::int, hit_count::int, baseline_hit_count::int"
        " from marts.next_best_test"
    )
    assert (tested_on, customers) == ("2011-10-31", 1484)
    assert 0.24 < hits / customers < 0.27
    assert hits > baseline
