"""Every card's SQL on a real warehouse, as the role of dashboards."""

from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connect, connected
from metabase.definition import Card, read_definition
from metabase.preview.choices import Choice, Period, Values, options, span
from metabase.preview.query import Result, run_card

DEFINITION = read_definition()
(DASHBOARD,) = DEFINITION.dashboards
CARDS = list(DEFINITION.cards.values())
LISTENING = [card for card in CARDS if card.filters]


@pytest.fixture(scope="module")
def choices(bi: Connection) -> dict[str, Choice]:
    """One choice for each filter, narrower than everything."""
    days = span(bi, ["marts.sales_daily.business_date"])
    stores = options(bi, "marts.store_details.store_label", {})
    assert days is not None and len(stores) == 5
    with bi.cursor() as cursor:
        cursor.execute(
            "select store_region from marts.store_details where store_label = %s", stores[:1]
        )
        region = cursor.fetchone()
    assert region is not None
    middle = days[0] + (days[1] - days[0]) / 2
    return {
        "period": Period(middle, days[1]),
        "store": Values((stores[0],)),
        "region": Values(region),
    }


def test_cards_are_read_by_the_role_of_dashboards(bi: Connection) -> None:
    with bi.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("lens_bi",)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_the_result_has_the_columns_that_the_card_promises(
    bi: Connection, card: Card, choices: dict[str, Choice]
) -> None:
    singles = [{each: choices[each]} for each in card.filters]
    for chosen in ({}, *singles, choices):
        result = run_card(bi, card, chosen)
        assert list(result.columns) == list(card.columns)
        assert result.rows


@pytest.mark.parametrize("card", LISTENING, ids=lambda card: card.key)
@pytest.mark.parametrize("filter_id", ["period", "store", "region"])
def test_every_filter_changes_every_card_that_listens(
    bi: Connection, card: Card, filter_id: str, choices: dict[str, Choice]
) -> None:
    everything = run_card(bi, card, {})
    assert run_card(bi, card, {filter_id: choices[filter_id]}) != everything


def test_choosing_all_values_is_choosing_none(bi: Connection) -> None:
    days = span(bi, ["marts.sales_daily.business_date"])
    assert days is not None
    everything: dict[str, Choice] = {
        "period": Period(*days),
        "store": Values(tuple(options(bi, "marts.store_details.store_label", {}))),
        "region": Values(tuple(options(bi, "marts.store_details.store_region", {}))),
    }
    for card in LISTENING:
        assert run_card(bi, card, everything) == run_card(bi, card, {})


def test_a_value_with_an_apostrophe_or_a_percent_sign_is_a_value(bi: Connection) -> None:
    odd = Values(("L'Aquila 100 % {{x}} [[y]] \\",))
    result = run_card(bi, DEFINITION.cards["loyalty/revenue"], {"store": odd})
    assert result.rows == ((0,),)


def test_the_region_shortens_the_list_of_stores(bi: Connection, choices: dict[str, Choice]) -> None:
    region = choices["region"]
    limited = options(
        bi, "marts.store_details.store_label", {"marts.store_details.store_region": region}
    )
    assert 0 < len(limited) < 5


def test_kpis_equal_the_marts(bi: Connection, shop_database: str) -> None:
    """The numbers once more, by other queries, as the owner, from the layer below."""
    expected = _row(
        shop_database,
        "select (select count(distinct customer_id) from marts.purchases where is_counted),"
        " (select sum(sales.total_amount) from clean.sales as sales"
        "  inner join clean.as_of on sales.business_date <= as_of.business_date),"
        " (select sum(points) from marts.points_ledger where entry_type in ('EARN', 'BONUS')),"
        " (select sum(total_loyalty_points) from marts.customer_details)",
    )
    keys = ("active_members", "revenue", "points_issued", "points_outstanding")
    assert expected == tuple(
        run_card(bi, DEFINITION.cards[f"loyalty/{key}"], {}).rows[0][0] for key in keys
    )


def test_filtered_kpis_equal_a_query_written_by_hand(
    bi: Connection, shop_database: str, choices: dict[str, Choice]
) -> None:
    """Period, region and store of the first store, from the layer below, as the owner."""
    expected = _row(
        shop_database,
        """
        with days as (
            select min(business_date) as first, max(business_date) as last from marts.sales_daily
        ), chosen as (
            select stores.store_id, days.first + (days.last - days.first) / 2 as since, days.last
            from clean.stores as stores cross join days
            order by stores.store_name limit 1
        )
        select
            count(distinct sales.customer_id) filter (where not sales.is_return),
            sum(sales.total_amount),
            (select sum(ledger.points) from marts.points_ledger as ledger
             inner join clean.sales as earned on ledger.transaction_id = earned.transaction_id
             inner join chosen on earned.store_id = chosen.store_id
             where ledger.entry_type in ('EARN', 'BONUS') and not earned.is_return
             and earned.business_date between chosen.since and chosen.last)
        from clean.sales as sales
        inner join chosen on sales.store_id = chosen.store_id
        where sales.business_date between chosen.since and chosen.last
        """,
    )
    found = [
        run_card(bi, DEFINITION.cards[f"loyalty/{key}"], choices).rows[0][0]
        for key in ("active_members", "revenue", "points_issued")
    ]
    assert found[1:] == [expected[1], expected[2]]
    assert 0 < found[0] <= expected[0]  # who bought gift cards alone, or gave all back, is out


def test_the_trend_and_the_stores_add_up_to_the_revenue(
    bi: Connection, choices: dict[str, Choice]
) -> None:
    for chosen in ({}, choices):
        ((revenue,),) = run_card(bi, DEFINITION.cards["loyalty/revenue"], chosen).rows
        for key in ("loyalty/sales_trend", "loyalty/top_stores"):
            assert sum(run_card(bi, DEFINITION.cards[key], chosen).column("revenue")) == revenue


def test_the_average_is_over_the_seven_days_up_to_each(bi: Connection) -> None:
    trend = run_card(bi, DEFINITION.cards["loyalty/sales_trend"], {})
    days, revenue = trend.column("day"), trend.column("revenue")
    for number, average in enumerate(trend.column("average_revenue")):
        window = [r for d, r in zip(days, revenue, strict=True) if 0 <= (days[number] - d).days < 7]
        length = min(7, (days[number] - days[0]).days + 1)
        assert float(average) == pytest.approx(float(sum(window)) / length, abs=0.0051)


def test_segments_hold_every_customer_with_purchases_once(bi: Connection) -> None:
    ((customers,),) = _rows(bi, "select count(*) from marts.customer_rfm")
    assert customers > 100

    def total(key: str, *names: str) -> int:
        result = _result(bi, key)
        return sum(value for name in names for value in result.column(name))

    assert len(_result(bi, "segments/value_segments").rows) == 12
    assert total("segments/value_segments", "customers") == customers
    assert total("segments/rfm_heat_table", "f_1", "f_2", "f_3", "f_4", "f_5") == customers
    assert _result(bi, "segments/rfm_heat_table").column("r_score") == [5, 4, 3, 2, 1]
    for metric in ("recency", "frequency", "monetary"):
        assert total(f"segments/{metric}_distribution", "customers") == customers


def test_overlap_is_part_of_both(bi: Connection) -> None:
    high, at_risk, both = (
        _result(bi, f"segments/{key}").rows[0][0] for key in ("high_spenders", "at_risk", "both")
    )
    assert 0 <= both <= min(high, at_risk)
    assert high > 0 and at_risk > 0


def test_marts_that_are_not_built_are_told_in_one_line(shop: Settings, database: str) -> None:
    with connected(database) as empty, pytest.raises(WarehouseError, match="lens run"):
        run_card(empty, DEFINITION.cards["loyalty/revenue"], {})


def test_filters_whose_marts_are_gone_are_told_in_one_line(database: str) -> None:
    with connected(database) as empty, pytest.raises(WarehouseError, match="lens run"):
        span(empty, ["marts.sales_daily.business_date"])
    with connected(database) as empty, pytest.raises(WarehouseError, match="lens run"):
        options(empty, "marts.store_details.store_label", {})


def test_marts_that_no_run_certified_are_not_called_empty(shop_database: str) -> None:
    card = DEFINITION.cards["status/data_up_to"]
    with closing(connect(shop_database)) as owner:
        with owner.cursor() as cursor:
            cursor.execute("update ops.pipeline_runs set status = 'failed'")
        ((text,),) = run_card(owner, card, {}).rows
        owner.rollback()
    assert text == "No certified run yet"


def test_no_card_reads_contact_data(bi: Connection) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        _rows(bi, "select email from marts.customer_details")


def _result(bi: Connection, key: str) -> Result:
    return run_card(bi, DEFINITION.cards[key], {})


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _row(url: str, query: str) -> tuple[Any, ...]:
    with connected(url) as connection:
        return _rows(connection, query)[0]
