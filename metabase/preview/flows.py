"""Cards with display `sankey`: who or what went from where to where."""

import plotly.graph_objects as go

from metabase.definition import Card
from metabase.preview.charts import COLORS, MARGIN
from metabase.preview.formats import axis
from metabase.preview.query import Result


def flow(card: Card, result: Result, currency: str, height: int) -> go.Figure:
    """The flow, `height` pixels high; a name on both sides is two nodes only if written so."""
    sources = [str(each) for each in result.column(card.sankey["source"])]
    targets = [str(each) for each in result.column(card.sankey["target"])]
    values = [float(each) for each in result.column(card.sankey["value"])]
    names = list(dict.fromkeys([*sources, *targets]))
    things = list(dict.fromkeys(_thing(name) for name in names))
    colors = {name: COLORS[things.index(_thing(name)) % len(COLORS)] for name in names}
    number = axis(card.columns[card.sankey["value"]], currency)
    drawn = go.Figure(
        go.Sankey(
            valueformat=number.get("tickformat", ""),
            valuesuffix=f" {currency}" if number.get("tickprefix") else "",
            textfont={"color": "#31333F", "shadow": "none"},
            node={
                "label": names,
                "color": [colors[name] for name in names],
                "pad": 12,
                "thickness": 14,
            },
            link={
                "source": [names.index(name) for name in sources],
                "target": [names.index(name) for name in targets],
                "value": values,
                "color": [_pale(colors[name]) for name in sources],
            },
        )
    )
    drawn.update_layout({"height": height, "margin": MARGIN, "font": {"size": 12}})
    return drawn


def _thing(name: str) -> str:
    """The same thing has the same colour on both sides: `Gold before` and `Gold`."""
    return name.removesuffix(" before")


def _pale(color: str) -> str:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.35)"
