"""Every card's SQL on a real warehouse, as the role of dashboards."""

from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connect, connected
from metabase.definition import Card, read_definition
from metabase.preview.choices import Choice, Period, Values, options, span
from metabase.preview.clicks import TYPED
from metabase.preview.query import Result, run_card
from tests.dashboards.chosen import one_of_each

DEFINITION = read_definition()
(DASHBOARD,) = DEFINITION.dashboards
CARDS = list(DEFINITION.cards.values())
LISTENING = [card for card in CARDS if card.filters]
KINDS = {each.id: each.type for each in DASHBOARD.filters}


@pytest.fixture(scope="module")
def choices(bi: Connection) -> dict[str, Choice]:
    """One choice for each filter, narrower than everything."""
    return one_of_each(bi, DASHBOARD)


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
        assert result.rows, chosen


@pytest.mark.parametrize(
    ("card", "filter_id"),
    [(card, name) for card in LISTENING for name in card.filters],
    ids=lambda each: each if isinstance(each, str) else each.key,
)
def test_every_filter_changes_every_card_that_listens(
    bi: Connection, card: Card, filter_id: str, choices: dict[str, Choice]
) -> None:
    everything = run_card(bi, card, {})
    if not any(row[-1] for row in everything.rows):
        pytest.skip("nothing in so young a shop that could be narrowed")
    others: list[Choice] = []
    if KINDS[filter_id] == "string/=":
        others = [Values((value,)) for value in options(bi, card.filters[filter_id], {})[:20]]
    assert any(
        run_card(bi, card, {filter_id: choice}) != everything
        for choice in (choices[filter_id], *others)
    )


def test_choosing_all_values_of_a_list_is_choosing_none(bi: Connection) -> None:
    for card in LISTENING:
        for name, column in card.filters.items():
            if "left join marts.store_details" in card.sql and name in ("store", "region"):
                continue  # what belongs to no store is left out, as the cards say
            if KINDS[name] == "string/=" and name not in TYPED:
                everything = Values(tuple(options(bi, column, {})))
                assert run_card(bi, card, {name: everything}) == run_card(bi, card, {}), card.key


def test_a_chosen_period_is_compared_with_as_many_days_before(bi: Connection) -> None:
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    week = Period(days[1] - timedelta(days=6), days[1])
    before = Period(days[1] - timedelta(days=13), days[1] - timedelta(days=7))
    for card in CARDS:
        if card.display == "smartscalar":
            now = run_card(bi, card, {"period": week})
            (_, earlier), (_, current) = now.rows
            assert run_card(bi, card, {"period": before}).rows[-1][1] == earlier
            assert [row[0] for row in now.rows] == [before.last, week.last]
            assert current is not None


def test_without_a_choice_the_last_thirty_days_count(bi: Connection) -> None:
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    month = Period(days[1] - timedelta(days=29), days[1])
    for key in ("overview/revenue", "overview/active_members", "overview/sales_trend"):
        card = DEFINITION.cards[key]
        assert run_card(bi, card, {}) == run_card(bi, card, {"period": month})


def test_a_period_as_long_as_the_data_is_compared_with_nothing(bi: Connection) -> None:
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    card = DEFINITION.cards["overview/revenue"]
    assert len(run_card(bi, card, {"period": Period(*days)}).rows) == 1
    nowhere = Period(days[0] - timedelta(days=9), days[0] - timedelta(days=1))
    assert run_card(bi, card, {"period": nowhere}).rows == ()


def test_a_value_with_an_apostrophe_or_a_percent_sign_is_a_value(bi: Connection) -> None:
    odd = Values(("L'Aquila 100 % {{x}} [[y]] \\",))
    result = run_card(bi, DEFINITION.cards["overview/revenue"], {"store": odd})
    assert result.rows == ()


def test_the_region_shortens_the_list_of_stores(bi: Connection, choices: dict[str, Choice]) -> None:
    region = choices["region"]
    assert isinstance(region, Values)
    limited = options(
        bi, "marts.store_details.store_label", {"marts.store_details.store_region": region}
    )
    assert 0 < len(limited) < 5


def test_kpis_equal_a_query_written_by_hand(bi: Connection, shop_database: str) -> None:
    """All days, by other queries, as the owner, from the layer below."""
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    expected = _row(
        shop_database,
        """
        with sold as (
            select sales.* from clean.sales as sales
            inner join clean.as_of on sales.business_date <= as_of.business_date
        ), ledger as (
            select
            coalesce(sum(points) filter (where entry_type in ('EARN', 'BONUS')), 0) as issued,
            -sum(points) filter (where entry_type = 'REDEEM') as redeemed,
            coalesce(-sum(points) filter (where entry_type = 'EXPIRE'), 0) as expired,
            sum(points) as balance
            from marts.points_ledger
            where business_date >= (select min(business_date) from sold)
            or entry_type = 'OPENING'
        )
        select
            (select count(distinct customer_id) from marts.purchases where is_counted),
            (select sum(total_amount) from sold),
            (select avg(total_amount) from sold where not is_return),
            (select count(*) / count(distinct customer_id)::numeric from marts.purchases
             where is_counted),
            (select sum(total_amount) filter (where customer_id is not null) / sum(total_amount)
             from sold),
            ledger.redeemed / ledger.issued::numeric, ledger.issued, ledger.redeemed,
            ledger.expired, ledger.balance,
            (select sum(liability_amount) from marts.points_liability)
        from ledger
        """,
    )
    keys = (
        *("active_members", "revenue", "average_basket", "visit_frequency", "member_share"),
        *("redemption_rate", "points_issued", "points_redeemed", "points_expired"),
        *("points_outstanding", "liability"),
    )
    for key, value in zip(keys, expected, strict=True):
        found = run_card(bi, DEFINITION.cards[f"overview/{key}"], {"period": Period(*days)})
        assert float(found.rows[-1][1]) == pytest.approx(float(value)), key


def test_filtered_kpis_equal_a_query_written_by_hand(
    bi: Connection, shop_database: str, choices: dict[str, Choice]
) -> None:
    """Some days of one store, from the layer below, as the owner."""
    period, store = choices["period"], choices["store"]
    assert isinstance(period, Period) and isinstance(store, Values)
    expected = _row(
        shop_database,
        f"""
        select
            count(distinct sales.customer_id) filter (where not sales.is_return),
            sum(sales.total_amount),
            (select sum(ledger.points) from marts.points_ledger as ledger
             inner join marts.store_details as stores on ledger.store_id = stores.store_id
             where ledger.entry_type in ('EARN', 'BONUS')
             and stores.store_label = '{store.values[0].replace("'", "''")}'
             and ledger.business_date between '{period.first}' and '{period.last}')
        from clean.sales as sales
        inner join marts.store_details as stores on sales.store_id = stores.store_id
        where sales.business_date between '{period.first}' and '{period.last}'
        and stores.store_label = '{store.values[0].replace("'", "''")}'
        """,
    )
    found = [
        run_card(bi, DEFINITION.cards[f"overview/{key}"], {"period": period, "store": store}).rows[
            -1
        ][1]
        for key in ("active_members", "revenue", "points_issued")
    ]
    assert found[1:] == [expected[1], expected[2]]
    assert 0 < found[0] <= expected[0]  # who bought gift cards alone, or gave all back, is out


def test_the_parts_of_the_revenue_add_up_to_it(bi: Connection, choices: dict[str, Choice]) -> None:
    for chosen in ({"period": choices["period"]}, choices):
        revenue = run_card(bi, DEFINITION.cards["overview/revenue"], chosen).rows[-1][1]
        for key in ("overview/sales_trend", "overview/top_stores"):
            assert sum(run_card(bi, DEFINITION.cards[key], chosen).column("revenue")) == revenue
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    everything = run_card(bi, DEFINITION.cards["overview/revenue"], {"period": Period(*days)})
    by_segment = run_card(bi, DEFINITION.cards["overview/revenue_by_segment"], {})
    assert sum(by_segment.column("revenue")) == everything.rows[-1][1]


def test_categories_of_each_store_add_up_to_those_of_all(bi: Connection) -> None:
    """All stores are read from sums of their own, some stores one by one."""
    card = DEFINITION.cards["spend/categories"]

    def revenue(chosen: dict[str, Choice]) -> dict[str, Any]:
        result = run_card(bi, card, chosen)
        return dict(zip(result.column("category"), result.column("revenue"), strict=True))

    whole = revenue({})
    stores = options(bi, "marts.store_details.store_label", {})
    parts = [revenue({"store": Values((store,))}) for store in stores]
    assert len(stores) > 1 and len(whole) > 1
    assert whole == {name: sum(part.get(name, 0) for part in parts) for name in whole}


def test_members_of_few_and_of_most_stores_are_counted_alike(
    bi: Connection, shop_database: str
) -> None:
    """Of most stores: all members less those who came to the others only."""
    stores = options(bi, "marts.store_details.store_label", {})
    days = span(bi, "marts.calendar.business_date")
    assert len(stores) > 3 and days is not None
    counts = set()
    for chosen in (stores[:1], stores[: len(stores) // 2], stores[1:], stores[:-1], stores):
        for period in (Period(days[1] - timedelta(days=6), days[1]), Period(*days)):
            expected = _row(
                shop_database,
                """
                select count(distinct customer_id), sum(purchase_count) from marts.member_days
                where business_date between %s and %s and store_id in (
                select store_id from marts.store_details where store_label = any(%s))
                """,
                *(period.first, period.last, chosen),
            )
            choices = {"period": period, "store": Values(tuple(chosen))}
            found = [
                run_card(bi, DEFINITION.cards[f"overview/{key}"], choices).rows[-1][1]
                for key in ("active_members", "visit_frequency")
            ]
            assert found[0] == expected[0]
            assert float(found[1]) == pytest.approx(float(expected[1]) / expected[0])
            counts.add(found[0])
    assert len(counts) > 4


def test_the_averages_are_over_the_seven_days_up_to_each(bi: Connection) -> None:
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    card = DEFINITION.cards["overview/sales_trend"]
    whole = run_card(bi, card, {"period": Period(*days)})
    revenue = dict(zip(whole.column("day"), whole.column("revenue"), strict=True))
    trend = run_card(bi, card, {})

    def average(day: date) -> float:
        length = min(7, (day - days[0]).days + 1)
        return float(sum(revenue[day - timedelta(days=back)] for back in range(length))) / length

    for day, now, before in zip(
        trend.column("day"),
        trend.column("average_revenue"),
        trend.column("average_before"),
        strict=True,
    ):
        assert float(now) == pytest.approx(average(day), abs=0.0051)
        assert float(before) == pytest.approx(average(day - timedelta(days=30)), abs=0.0051)


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
        run_card(empty, DEFINITION.cards["overview/revenue"], {})


def test_filters_whose_marts_are_gone_are_told_in_one_line(database: str) -> None:
    with connected(database) as empty, pytest.raises(WarehouseError, match="lens run"):
        span(empty, "marts.sales_daily.business_date")
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


def _rows(connection: Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall()


def _row(url: str, query: str, *values: object) -> tuple[Any, ...]:
    with connected(url) as connection:
        return _rows(connection, query, *values)[0]
