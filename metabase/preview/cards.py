"""One card on the page: a number, a table or a chart, and what a click on it does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.warehouse.connection import connected
from metabase.definition import Card, Tab
from metabase.preview.charts import figure
from metabase.preview.choices import Choice
from metabase.preview.clicks import address, on_click
from metabase.preview.flows import flow
from metabase.preview.formats import shown
from metabase.preview.numbers import change
from metabase.preview.query import Result, run_card
from metabase.preview.tables import as_csv, table

ROW_PIXELS = 46
TITLE_PIXELS = 48
SHOWN_ROWS = 100  # of a table; the download has all


@dataclass(frozen=True)
class Desk:
    """What every card of the page is drawn with."""

    connection: Connection
    url: str
    currency: str
    choices: Mapping[str, Choice]

    def with_choices(self, choices: Mapping[str, Choice]) -> "Desk":
        """The same under other choices."""
        return replace(self, choices=choices)


def draw_card(desk: Desk, card: Card, tab: Tab, height: int) -> None:
    """Runs the card under the choices and draws it, `height` rows of the grid high."""
    limit = SHOWN_ROWS + 1 if card.display == "table" else None
    result = run_card(desk.connection, card, desk.choices, limit=limit)
    if card.is_number:
        _number(desk, card, result)
        return
    with st.container(border=True, key=card.key.replace("/", "-")):
        st.markdown(f"**{card.name}**", help=card.description)
        if not result.rows:
            st.caption("Nothing under these filters.")
        elif card.display == "table":
            _table(desk, card, result, tab, height * ROW_PIXELS)
        else:
            _chart(desk, card, result, tab, height * ROW_PIXELS - TITLE_PIXELS)


def _number(desk: Desk, card: Card, result: Result) -> None:
    column = card.columns[card.value_column]
    value = result.column(card.value_column)[-1] if result.rows else None
    st.metric(
        card.name,
        shown(value, column, desk.currency),
        change(card, result, desk.currency) if card.display == "smartscalar" else None,
        delta_color="inverse" if card.settings.get("scalar.switch_positive_negative") else "normal",
        help=card.description,
        border=True,
        height="stretch",
    )


def _table(desk: Desk, card: Card, result: Result, tab: Tab, height: int) -> None:
    first = replace(result, rows=result.rows[:SHOWN_ROWS])
    st.html(table(card, first, desk.currency, lambda row: address(card, tab, row), height))
    if len(result.rows) > SHOWN_ROWS:
        st.caption(f"The first {SHOWN_ROWS} rows.{' The CSV has all.' if card.download else ''}")
    if card.download:
        st.download_button(
            "Download as CSV",
            lambda: _whole(desk, card),
            file_name=f"{card.key.rpartition('/')[2]}.csv",
            mime="text/csv",
            key=f"download-{card.key}",
            on_click="ignore",
        )


def _whole(desk: Desk, card: Card) -> str:
    """Every row, asked for when the button is pressed: the page's connection is closed by then."""
    with connected(desk.url) as connection:
        return as_csv(run_card(connection, card, desk.choices))


def _chart(desk: Desk, card: Card, result: Result, tab: Tab, height: int) -> None:
    draw = flow if card.display == "sankey" else figure
    drawn = draw(card, result, desk.currency, height)
    key = f"chart-{card.key}"
    config = {"displayModeBar": False}
    if card.click:
        st.plotly_chart(
            drawn,
            key=key,
            config=config,
            on_select=lambda: on_click(card, tab, key),
            selection_mode="points",
        )
    else:
        st.plotly_chart(drawn, key=key, config=config)
