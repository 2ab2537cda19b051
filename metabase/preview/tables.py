"""Cards with display `table` as HTML: numbers to the right, mini bars, coloured ranges."""

import html
from collections.abc import Mapping
from typing import Any

from metabase.definition import Card
from metabase.preview.formats import shown
from metabase.preview.query import Result

NUMBERS = ("integer", "decimal", "percent", "money")
BAR = "#CFE0F3"
STYLE = """
<style>
.lens-scroll {overflow-x: auto}
.lens-table {width: 100%; border-collapse: collapse; font-size: 0.86rem; line-height: 1.35}
.lens-table th {text-align: left; font-weight: 600; border-bottom: 2px solid #D5DAE1}
.lens-table th, .lens-table td {padding: 0.38rem 0.6rem; vertical-align: top}
.lens-table td {border-bottom: 1px solid #EBEEF2}
.lens-table .number {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
</style>
"""


def table(card: Card, result: Result, currency: str) -> str:
    """The whole result as one HTML table; every value is escaped."""
    numeric = {name for name, column in card.columns.items() if column.format in NUMBERS}
    colors = _colors(card, result)
    largest = {
        name: max((float(value) for value in result.column(name) if value is not None), default=0.0)
        for name, column in card.columns.items()
        if column.mini_bar
    }
    head = "".join(
        f'<th class="{_class(name, numeric)}">{html.escape(column.title)}</th>'
        for name, column in card.columns.items()
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{_class(name, numeric)}" style="{_style(name, value, largest, colors)}">'
            f"{html.escape(shown(value, card.columns[name], currency))}</td>"
            for name, value in zip(result.columns, row, strict=True)
        )
        + "</tr>"
        for row in result.rows
    )
    return (
        f'{STYLE}<div class="lens-scroll"><table class="lens-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _class(name: str, numeric: set[str]) -> str:
    return "number" if name in numeric else "text"


def _style(
    name: str, value: Any, largest: Mapping[str, float], colors: Mapping[tuple[str, Any], str]
) -> str:
    if (name, value) in colors:
        return f"background: {colors[name, value]}"
    if value is not None and largest.get(name):
        share = max(0.0, float(value)) / largest[name]
        return f"background: linear-gradient(to right, {BAR} {share:.1%}, transparent {share:.1%})"
    return ""


def _colors(card: Card, result: Result) -> dict[tuple[str, Any], str]:
    """(column, value) to colour, for the rules of type range: over all columns of a rule."""
    colors: dict[tuple[str, Any], str] = {}
    for rule in card.settings.get("table.column_formatting", []):
        cells = [(name, v) for name in rule["columns"] for v in result.column(name)]
        numbers = [float(value) for _, value in cells if value is not None]
        if not numbers:
            continue
        low, high = min(numbers), max(numbers)
        for name, value in cells:
            if value is not None:
                share = (float(value) - low) / (high - low) if high > low else 0.0
                start, end = rule["colors"]
                colors[name, value] = _between(start, end, share)
    return colors


def _between(start: str, end: str, share: float) -> str:
    pairs = [(int(start[i : i + 2], 16), int(end[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(low + (high - low) * share):02X}" for low, high in pairs)
