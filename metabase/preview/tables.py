"""Cards with display `table` as HTML: numbers to the right, mini bars, coloured ranges."""

import csv
import html
import io
from collections.abc import Callable, Mapping
from typing import Any

from metabase.definition import Card
from metabase.preview.formats import shown
from metabase.preview.query import Result

NUMBERS = ("integer", "decimal", "percent", "money")
BAR = "#CFE0F3"
Link = Callable[[Mapping[str, Any]], str | None]


def table(
    card: Card,
    result: Result,
    currency: str,
    link: Link = lambda _: None,
    height: int | None = None,
) -> str:
    """The whole result as one HTML table; every value is escaped.

    What is higher than `height` pixels is scrolled to. `link` gives the address that a row leads
    to; the column that a click sets carries it.
    """
    linked = next(iter(card.click.sets.values())) if card.click else None
    colors = _colors(card, result)
    largest = {
        name: max((float(value) for value in result.column(name) if value is not None), default=0.0)
        for name, column in card.columns.items()
        if column.mini_bar
    }
    head = "".join(
        f'<th class="{_class(name, card)}">{html.escape(column.title)}</th>'
        for name, column in card.columns.items()
    )
    body = ""
    for row in result.rows:
        values = dict(zip(result.columns, row, strict=True))
        target = link(values) if linked else None
        cells = (
            f'<td class="{_class(name, card)}" style="{_style(name, value, largest, colors)}">'
            f"<div>{_text(shown(value, card.columns[name], currency), target, name == linked)}"
            "</div></td>"
            for name, value in values.items()
        )
        body += f"<tr>{''.join(cells)}</tr>"
    highest = f"max-height: {height}px" if height else ""
    return (
        f'<div class="lens-scroll" style="{highest}"><table class="lens-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def as_csv(result: Result) -> str:
    """The rows below the names of their columns."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(result.columns)
    writer.writerows([_in_a_spreadsheet(value) for value in row] for row in result.rows)
    return text.getvalue()


def _in_a_spreadsheet(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value


def _text(text: str, target: str | None, is_linked: bool) -> str:
    written = html.escape(text)
    return f'<a href="{html.escape(target)}">{written}</a>' if target and is_linked else written


def _class(name: str, card: Card) -> str:
    written_as = card.columns[name].format
    return "number" if written_as in NUMBERS else written_as


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
