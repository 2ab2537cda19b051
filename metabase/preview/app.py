"""The Streamlit page: `lens preview` starts it. Reads the marts as lens_bi and nothing else."""

from collections.abc import Mapping

import streamlit as st
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import LensError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import running_bi_url, with_password
from loyalty_lens.warehouse.connection import connected
from metabase.definition import Card, Definition, Placed, Tab, read_definition
from metabase.preview.charts import figure
from metabase.preview.choices import Choice
from metabase.preview.filters import chosen
from metabase.preview.formats import shown
from metabase.preview.query import run_card
from metabase.preview.tables import table

ROW_PIXELS = 46
TITLE_PIXELS = 48


def page() -> None:
    """Draws the first dashboard; a failure is told on the page, in one line."""
    try:
        settings = Settings.from_environment()
        definition = read_definition(currency=settings.currency)
        dashboard = definition.dashboards[0]
        st.set_page_config(dashboard.name, layout="wide")
        url = with_password(running_bi_url(settings))
        st.title(dashboard.name)
        st.caption(dashboard.description)
        names = [tab.name for tab in dashboard.tabs]
        places = st.tabs(names, key="tab", bind="query-params")
        with connected(url) as connection:
            for tab, place in zip(dashboard.tabs, places, strict=True):
                if place.open:
                    with place:
                        choices = chosen(connection, definition, dashboard, tab)
                        _draw(connection, definition, tab, choices, settings.currency)
    except LensError as error:
        st.error(str(error))


def _draw(
    connection: Connection,
    definition: Definition,
    tab: Tab,
    choices: Mapping[str, Choice],
    currency: str,
) -> None:
    rows: dict[int, list[Placed]] = {}
    for placed in tab.placed():
        rows.setdefault(placed.row, []).append(placed)
    for row in rows.values():
        for placed, column in zip(row, st.columns([item.width for item in row]), strict=True):
            with column:
                if placed.item.heading:
                    st.subheader(placed.item.heading)
                elif placed.item.text:
                    st.markdown(placed.item.text)
                elif placed.item.card:
                    card = definition.cards[placed.item.card]
                    _card(connection, card, choices, currency, placed.height)


def _card(
    connection: Connection,
    card: Card,
    choices: Mapping[str, Choice],
    currency: str,
    height: int,
) -> None:
    result = run_card(connection, card, choices)
    if card.display == "scalar":
        ((name, column),) = card.columns.items()
        value = result.column(name)[0] if result.rows else None
        st.metric(card.name, shown(value, column, currency), help=card.description, border=True)
        return
    with st.container(border=True, key=card.key.replace("/", "-")):
        st.markdown(f"**{card.name}**", help=card.description)
        if not result.rows:
            st.caption("Nothing in the chosen period and stores.")
        elif card.display == "table":
            st.html(table(card, result, currency))
        else:
            drawn = figure(card, result, currency, height * ROW_PIXELS - TITLE_PIXELS)
            st.plotly_chart(drawn, key=f"chart-{card.key}", config={"displayModeBar": False})


page()
