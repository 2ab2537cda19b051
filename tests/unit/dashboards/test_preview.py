"""How the preview writes numbers, draws charts and colours tables."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from metabase.definition import Card, Click, Column
from metabase.preview.charts import figure
from metabase.preview.choices import PERIODS, Period, period_of
from metabase.preview.flows import flow
from metabase.preview.formats import axis, shown
from metabase.preview.numbers import change
from metabase.preview.query import Result
from metabase.preview.tables import as_csv, table

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 1, 31)


def card(display: str, **settings: Any) -> Card:
    return Card.model_validate(
        {
            "key": "x",
            "name": "X",
            "description": "X",
            "display": display,
            "sql": "select 1",
            "columns": {
                "store": {"title": "Store"},
                "kind": {"title": "Kind"},
                "revenue": {"title": "Revenue", "format": "money", "decimals": 0},
            },
            "settings": {name.replace("__", "."): value for name, value in settings.items()},
        }
    )


RESULT = Result(
    ("store", "kind", "revenue"),
    (("A", "new", Decimal(10)), ("A", "old", Decimal(30)), ("B", "new", Decimal(20))),
)


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (1234567, {"format": "integer"}, "1,234,567"),
        (Decimal("1234.5"), {"format": "money"}, "EUR 1,234.50"),
        (Decimal("1234.5"), {"format": "money", "decimals": 0}, "EUR 1,234"),
        (Decimal("-3"), {"format": "money", "decimals": 0}, "EUR -3"),
        (Decimal("0.1002"), {"format": "percent"}, "10.0%"),
        (0.5, {"format": "decimal"}, "0.50"),
        (LAST, {"format": "date"}, "2026-01-31"),
        ("words", {"format": "integer"}, "words"),
        (None, {"format": "money"}, "–"),
        (0, {"format": "integer"}, "0"),
    ],
)
def test_a_value_is_written_by_the_format_of_its_column(
    value: Any, column: dict[str, Any], text: str
) -> None:
    assert shown(value, Column(title="X", **column), "EUR") == text


def test_an_axis_of_money_names_the_currency() -> None:
    money = Column(title="X", format="money", decimals=0)
    assert axis(money, "SEK") == {"tickprefix": "SEK ", "tickformat": ",.0f"}


@pytest.mark.parametrize(
    ("name", "days"),
    [("Not chosen", None), ("Last 7 days", Period(dt.date(2026, 1, 25), LAST))],
)
def test_a_period_ends_on_the_last_day_with_data(name: str, days: Period | None) -> None:
    assert period_of(name, FIRST, LAST) == days


def test_a_period_longer_than_the_data_starts_with_them() -> None:
    assert period_of("Last 365 days", FIRST, LAST) == Period(FIRST, LAST)
    assert PERIODS["Last 365 days"] == 365


def test_a_row_chart_runs_from_left_to_right_with_the_first_on_top() -> None:
    one = Result(("store", "kind", "revenue"), RESULT.rows[:1])
    drawn = figure(
        card("row", graph__dimensions=["store"], graph__metrics=["revenue"]), one, "EUR", 300
    )
    (bar,) = drawn.data
    assert (bar.orientation, list(bar.x), list(bar.y)) == ("h", [10.0], ["A"])
    assert drawn.layout.yaxis.autorange == "reversed"
    assert drawn.layout.xaxis.tickprefix == "EUR "


def test_a_row_chart_is_high_enough_for_the_labels_of_its_bars() -> None:
    rows = tuple((f"Store {number}", "new", Decimal(number)) for number in range(20))
    settings = {"graph.dimensions": ["store"], "graph.metrics": ["revenue"]}
    many = figure(card("row", **settings), Result(("store", "kind", "revenue"), rows), "EUR", 300)
    few = figure(
        card("row", **settings), Result(("store", "kind", "revenue"), rows[:3]), "EUR", 300
    )
    assert (many.layout.height, few.layout.height) == (20 * 24 + 64, 300)


def test_a_long_legend_does_not_eat_the_chart() -> None:
    rows = tuple(("A", f"Kind {number}", Decimal(1)) for number in range(9))
    settings = {"graph.dimensions": ["store", "kind"], "graph.metrics": ["revenue"]}
    drawn = figure(card("line", **settings), Result(("store", "kind", "revenue"), rows), "EUR", 300)
    assert drawn.layout.height == 300 + 5 * 22


def test_thousands_are_short_on_the_axis_and_whole_where_one_points() -> None:
    settings = {"graph.dimensions": ["store"], "graph.metrics": ["revenue"]}
    large = Result(("store", "kind", "revenue"), (("A", "new", Decimal(12345)),))
    drawn = figure(card("bar", **settings), large, "EUR", 300)
    assert (drawn.layout.yaxis.tickprefix, drawn.layout.yaxis.tickformat) == ("EUR ", "~s")
    assert drawn.data[0].hovertemplate == "%{y:,.0f}"
    small = figure(card("bar", **settings), RESULT, "EUR", 300)
    assert small.layout.yaxis.tickformat == ",.0f"


def test_a_series_on_the_right_has_an_axis_of_its_own() -> None:
    settings = {
        "graph.dimensions": ["store"],
        "graph.metrics": ["revenue", "empty"],
        "series_settings": {"revenue": {"display": "line"}, "empty": {"axis": "right"}},
    }
    columns = {"empty": {"title": "None left", "format": "integer"}}
    content = card("table").model_dump() | {"display": "combo", "settings": settings}
    both = Card.model_validate(content | {"columns": content["columns"] | columns})
    rows = Result(("store", "kind", "revenue", "empty"), (("A", "new", Decimal(900), 2),))
    drawn = figure(both, rows, "EUR", 300)
    assert [trace.yaxis for trace in drawn.data] == ["y", "y2"]
    right = drawn.layout.yaxis2
    assert (right.side, right.title.text, right.dtick) == ("right", "None left", 1)


def test_a_second_dimension_makes_a_series_of_each_of_its_values() -> None:
    drawn = figure(
        card("bar", graph__dimensions=["store", "kind"], graph__metrics=["revenue"]),
        RESULT,
        "EUR",
        300,
    )
    assert [(bar.name, list(bar.x), list(bar.y)) for bar in drawn.data] == [
        ("new", ["A", "B"], [10.0, 20.0]),
        ("old", ["A"], [30.0]),
    ]
    assert drawn.layout.barmode == "group"


@pytest.mark.parametrize(("kind", "norm"), [("stacked", ""), ("normalized", "percent")])
def test_stacked_bars_stand_on_one_another(kind: str, norm: str) -> None:
    settings = {"graph.dimensions": ["store", "kind"], "graph.metrics": ["revenue"]}
    drawn = figure(card("bar", **settings, **{"stackable.stack_type": kind}), RESULT, "EUR", 300)
    assert (drawn.layout.barmode, drawn.layout.barnorm or "") == ("relative", norm)


def test_a_combo_draws_each_series_in_its_own_shape_and_colour() -> None:
    settings = {
        "graph.dimensions": ["store"],
        "graph.metrics": ["revenue"],
        "series_settings": {"revenue": {"display": "line", "color": "#123456"}},
    }
    (line,) = figure(card("combo", **settings), RESULT, "EUR", 300).data
    assert (line.type, line.line.color) == ("scatter", "#123456")


def test_a_table_escapes_what_comes_from_files() -> None:
    odd = Result(("store", "kind", "revenue"), (("<script>alert(1)</script>", "&", Decimal(1)),))
    drawn = table(card("table"), odd, "EUR")
    assert "<script>" not in drawn and "&lt;script&gt;" in drawn and "&amp;" in drawn


@pytest.mark.parametrize("display", ["row", "bar"])
def test_a_chart_writes_a_name_as_it_is(display: str) -> None:
    """Plotly reads <b>, <br> and <a href> in labels as markup, and &amp; as a sign."""
    settings = {"graph.dimensions": ["store", "kind"], "graph.metrics": ["revenue"]}
    odd = Result(("store", "kind", "revenue"), (("<b>A</b> & B", "<i>new</i>", Decimal(1)),))
    (bar,) = figure(card(display, **settings), odd, "EUR", 300).data
    assert list(bar.y if display == "row" else bar.x) == ["&lt;b&gt;A&lt;/b&gt; &amp; B"]
    assert bar.name == "&lt;i&gt;new&lt;/i&gt;"


def test_a_range_runs_over_all_columns_of_its_rule() -> None:
    rule = {"columns": ["revenue"], "type": "range", "colors": ["#FFFFFF", "#000000"]}
    drawn = table(card("table", **{"table.column_formatting": [rule]}), RESULT, "EUR")
    assert drawn.count("#FFFFFF") == 1  # the lowest
    assert drawn.count("#000000") == 1  # the highest
    assert drawn.count("#808080") == 1  # between


def test_a_mini_bar_is_as_long_as_its_share_of_the_largest() -> None:
    bars = card("table").model_copy(
        update={
            "columns": {
                **card("table").columns,
                "revenue": Column(title="Revenue", format="money", mini_bar=True),
            }
        }
    )
    drawn = table(bars, RESULT, "EUR")
    assert "33.3%" in drawn and "66.7%" in drawn and "100.0%" in drawn


TREND = Card.model_validate(
    {
        "key": "x",
        "name": "X",
        "description": "X",
        "display": "smartscalar",
        "sql": "select 1",
        "columns": {
            "day": {"title": "Day", "format": "date"},
            "revenue": {"title": "Revenue", "format": "money", "decimals": 0},
        },
    }
)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (100, 125, "+25.0% vs. EUR 100"),
        (100, 75, "-25.0% vs. EUR 100"),
        (-100, -50, "+50.0% vs. EUR -100"),
        (0, 5, "was EUR 0"),
        (0, 0, None),
        (None, 5, None),
    ],
)
def test_a_number_is_compared_with_the_one_before(
    before: int | None, now: int, told: str | None
) -> None:
    rows = Result(("day", "revenue"), ((FIRST, before), (LAST, Decimal(now))))
    assert change(TREND, rows, "EUR") == told


def test_a_number_without_one_before_stands_alone() -> None:
    assert change(TREND, Result(("day", "revenue"), ((LAST, Decimal(5)),)), "EUR") is None


def test_a_thing_has_the_same_colour_on_both_sides_of_a_flow() -> None:
    settings = {"sankey.source": "store", "sankey.target": "kind", "sankey.value": "revenue"}
    rows = Result(("store", "kind", "revenue"), (("A before", "A", 1), ("A before", "B", 2)))
    (drawn,) = flow(card("sankey", **settings), rows, "EUR", 300).data
    colors = dict(zip(drawn.node.label, drawn.node.color, strict=True))
    assert colors["A before"] == colors["A"] != colors["B"]
    assert (list(drawn.link.source), list(drawn.link.target)) == ([0, 0], [1, 2])
    assert list(drawn.link.value) == [1.0, 2.0]


def test_a_whole_table_is_written_as_csv_under_the_names_of_its_columns() -> None:
    odd = Result(("customer_id", "store"), (("C1", 'Say "hi", Ltd'), ("C2", None)))
    assert as_csv(odd).splitlines() == ["customer_id,store", 'C1,"Say ""hi"", Ltd"', "C2,"]


def test_a_table_higher_than_its_place_is_scrolled() -> None:
    assert "max-height: 300px" in table(card("table"), RESULT, "EUR", height=300)
    assert "max-height" not in table(card("table"), RESULT, "EUR")


def test_the_first_column_that_a_click_sets_is_the_link() -> None:
    linked = card("table").model_copy(update={"click": Click(sets={"store": "store"})})
    drawn = table(linked, RESULT, "EUR", lambda row: f"?store={row['store']}&x=<")
    assert '<a href="?store=A&amp;x=&lt;">A</a>' in drawn
    assert drawn.count("<a ") == len(RESULT.rows)
