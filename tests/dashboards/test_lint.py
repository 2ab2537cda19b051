"""What Metabase never checks: it draws nothing, or something else, and says nothing."""

import datetime as dt
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from metabase.definition import Card, read_definition
from metabase.preview.charts import COLORS
from metabase.preview.query import Result, run_card

DEFINITION = read_definition()
CHANGES = ("trend", "lift")  # columns that tell a change and no share
CARDS = list(DEFINITION.cards.values())
PALETTE = {*COLORS, "#A6ADB5", "#B9D9EC"}  # and two pale ones, for what stands behind
MANY_SERIES = 9
MANY_NODES = 150


def of(*displays: str) -> Any:
    """The cards drawn in one of these ways."""
    return pytest.mark.parametrize(
        "card",
        [card for card in CARDS if card.display in displays],
        ids=lambda card: card.key,
    )


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_colours_are_those_that_everybody_tells_apart(card: Card) -> None:
    own = card.settings.get("series_settings", {}).values()
    assert {each["color"] for each in own if "color" in each} <= PALETTE


@of("smartscalar")
def test_a_trend_has_two_days_in_order_and_a_number_for_the_last(
    bi: Connection, card: Card
) -> None:
    rows = run_card(bi, card, {}).rows
    days = [row[0] for row in rows]
    assert len(rows) == 2 and days == sorted(days)
    assert all(isinstance(day, dt.date) for day in days)
    assert rows[-1][1] is not None


@of("sankey")
def test_a_flow_runs_one_way_between_few_nodes(bi: Connection, card: Card) -> None:
    result = run_card(bi, card, {})
    sources = set(result.column(card.sankey["source"]))
    targets = set(result.column(card.sankey["target"]))
    assert not sources & targets
    assert len(sources | targets) <= MANY_NODES
    assert min(result.column(card.sankey["value"])) > 0


@of("bar", "line", "area", "combo", "row")
def test_a_chart_has_few_series_and_settings_for_those_alone(bi: Connection, card: Card) -> None:
    result = run_card(bi, card, {})
    series = _series(card, result)
    assert len(series) <= MANY_SERIES
    named = set(card.settings.get("series_settings", {}))
    assert not named or series <= named


@of("bar", "line", "area", "combo")
def test_days_on_an_axis_are_dates_in_order(bi: Connection, card: Card) -> None:
    if card.settings.get("graph.x_axis.scale") != "timeseries":
        pytest.skip("no days on its axis")
    result = run_card(bi, card, {})
    place = dict(zip(result.columns, range(len(result.columns)), strict=True))
    for part in _series(card, result) if len(card.dimensions) > 1 else [None]:
        days = [
            row[place[card.dimensions[0]]]
            for row in result.rows
            if part is None or str(row[place[card.dimensions[1]]]) == part
        ]
        assert days == sorted(set(days))


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_shares_lie_between_nothing_and_all(bi: Connection, card: Card) -> None:
    result = run_card(bi, card, {})
    for name, column in card.columns.items():
        if column.format == "percent" and not any(word in name for word in CHANGES):
            values = [value for value in result.column(name) if value is not None]
            assert all(0 <= value <= 1 for value in values), name


def _series(card: Card, result: Result) -> set[str]:
    if len(card.dimensions) > 1:
        return {str(each) for each in result.column(card.dimensions[1])}
    return set(card.metrics)
