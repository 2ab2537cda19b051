"""Cards with axes as Plotly figures: bar, line, area, combo and row (bars from left to right)."""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from metabase.definition import Card, Column
from metabase.preview.formats import axis
from metabase.preview.query import Result

# Told apart by everybody, in this order (after Okabe and Ito).
COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#5D6D7E",
    "#B8A400",
    "#31333F",
)
SHAPES = ("bar", "line", "area")
BAR_PIXELS, AXIS_PIXELS = 24, 64  # of a row chart, for labels that can be read
LEGEND_PIXELS, LEGEND_LINES = 22, 4  # on a narrow page each series has a line of its own
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}


@dataclass(frozen=True)
class Series:
    """One colour of a chart: x and y values, and the column that y comes from."""

    name: str
    metric: str
    x: list[Any]
    y: list[Any]
    clicked: list[list[Any]]  # what a click on each point sets


def figure(card: Card, result: Result, currency: str, height: int) -> go.Figure:
    """The card's chart, `height` pixels high; higher where bars or a legend need it."""
    lines = list(_series(card, result))
    drawn = go.Figure([_trace(card, each, number, currency) for number, each in enumerate(lines)])
    category, value = ("yaxis", "xaxis") if card.display == "row" else ("xaxis", "yaxis")
    from_zero = not card.settings.get("graph.y_axis.unpin_from_zero")
    drawn.update_layout(
        {
            "height": _height(card, lines, height),
            "margin": MARGIN,
            "barmode": "relative" if "stackable.stack_type" in card.settings else "group",
            "barnorm": _norm(card),
            "hovermode": "closest" if card.display == "row" else "x unified",
            "showlegend": len(lines) > 1,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            category: _category_axis(card),
            value: {
                "automargin": True,
                "rangemode": "tozero" if from_zero else "normal",
                "nticks": 4,
                "tickangle": 0,
                **_ticks(card, lines, currency),
            },
        }
    )
    for metric in card.metrics:
        if _own(card, metric).get("axis") == "right":
            largest = max((y for y in result.column(metric) if y is not None), default=0)
            drawn.update_layout(yaxis2=_right_axis(card.columns[metric], largest, currency))
    for name in ("x", "y"):
        title = card.settings.get(f"graph.{name}_axis.title_text", "")
        drawn.update_layout({f"{name}axis": {"title": {"text": title}, "tickfont": {"size": 11}}})
    return drawn


def _height(card: Card, lines: list[Series], height: int) -> int:
    if card.display == "row":
        bars = sum(len(each.x) for each in lines)
        return max(height, bars * BAR_PIXELS + AXIS_PIXELS) if len(lines) == 1 else height
    return height + LEGEND_PIXELS * max(0, len(lines) - LEGEND_LINES)


def _ticks(card: Card, lines: list[Series], currency: str) -> dict[str, str]:
    """Thousands as `10k` on the axis, as Metabase writes them; hovering shows the whole number."""
    column = card.columns[card.metrics[0]]
    largest = max((abs(float(y)) for each in lines for y in each.y if y is not None), default=0.0)
    short = {"tickformat": "~s"} if column.format != "percent" and largest >= 1000 else {}
    bare = {"tickprefix": ""} if card.display == "row" and _shows_values(card) else {}
    return {**axis(column, currency), **short, **bare}  # beside values there is no room for both


def _series(card: Card, result: Result) -> Iterator[Series]:
    """One a metric; with a second dimension one for each of its values."""
    x, *breakout = card.dimensions
    sets = [result.column(name) for name in (card.click.sets.values() if card.click else ())]
    clicked = [[str(column[place]) for column in sets] for place in range(len(result.rows))]
    xs = _labels(result.column(x))
    for metric in card.metrics:
        ys = result.column(metric)
        if not breakout:
            yield Series(card.columns[metric].title, metric, xs, ys, clicked)
            continue
        parts = _labels(result.column(breakout[0]))
        for part in dict.fromkeys(parts):
            mine = [place for place, other in enumerate(parts) if other == part]
            yield Series(
                str(part),
                metric,
                [xs[place] for place in mine],
                [ys[place] for place in mine],
                [clicked[place] for place in mine],
            )


def _right_axis(column: Column, largest: float, currency: str) -> dict[str, Any]:
    whole = {"dtick": 1} if column.format == "integer" and largest < 5 else {}  # no 0.5 stores
    return {
        "overlaying": "y",
        "side": "right",
        "rangemode": "tozero",
        "showgrid": False,
        "automargin": True,
        "nticks": 4,
        "title": {"text": column.title},
        "tickfont": {"size": 11},
        **whole,
        **axis(column, currency),
    }


def _own(card: Card, key: str) -> dict[str, Any]:
    """The settings of one series."""
    own: dict[str, Any] = card.settings.get("series_settings", {}).get(key, {})
    return own


def _shows_values(card: Card) -> bool:
    return bool(card.settings.get("graph.show_values"))


def _labels(values: list[Any]) -> list[Any]:
    """Plotly takes a text for markup: a store may be called `<b>Best</b> & Co`."""
    return [html.escape(each, quote=False) if isinstance(each, str) else each for each in values]


def _trace(card: Card, series: Series, number: int, currency: str) -> Any:
    key = series.metric if len(card.dimensions) == 1 else html.unescape(series.name)
    own = _own(card, key)
    yaxis = "y2" if own.get("axis") == "right" else "y"
    shape = own.get("display", card.display if card.display in SHAPES else "bar")
    color = own.get("color", COLORS[number % len(COLORS)])
    values = [None if value is None else float(value) for value in series.y]
    number_format = _hover(card.columns[series.metric], currency)
    is_stacked = "stackable.stack_type" in card.settings
    if shape != "bar":
        return go.Scatter(
            name=series.name,
            yaxis=yaxis,
            x=series.x,
            y=values,
            mode="lines",
            line={"color": color, "width": 2.5},
            fill="tozeroy" if shape == "area" and not is_stacked else None,
            stackgroup="all" if shape == "area" and is_stacked else None,
            hovertemplate="%{y:" + number_format + "}",
            customdata=series.clicked,
        )
    is_row = card.display == "row"
    label = "%{x:" if is_row else "%{y:"
    return go.Bar(
        name=series.name,
        yaxis=yaxis,
        x=values if is_row else series.x,
        y=series.x if is_row else values,
        orientation="h" if is_row else "v",
        marker={"color": color},
        texttemplate=label + number_format + "}" if _shows_values(card) else None,
        textposition="auto",
        textangle=0,
        textfont={"size": 11},
        constraintext="none",
        hovertemplate=label + number_format + "}",
        customdata=series.clicked,
    )


def _category_axis(card: Card) -> dict[str, Any]:
    if card.display == "row":
        return {"autorange": "reversed", "automargin": True, "type": "category"}
    if card.settings.get("graph.x_axis.scale") == "timeseries":
        return {"type": "date", "automargin": True}
    return {"type": "category", "automargin": True}


def _norm(card: Card) -> str:
    return "percent" if card.settings.get("stackable.stack_type") == "normalized" else ""


def _hover(column: Column, currency: str) -> str:
    return str(axis(column, currency).get("tickformat", ""))
