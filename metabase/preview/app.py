"""The Streamlit page: `lens preview` starts it. Reads the marts as lens_bi and nothing else."""

import streamlit as st
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import LensError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import running_bi_url, with_password
from loyalty_lens.warehouse.connection import connected
from metabase.definition import Dashboard, Definition, Placed, Tab, read_definition
from metabase.preview.ask import ask
from metabase.preview.cards import Desk, draw_card
from metabase.preview.filters import chosen
from metabase.preview.styles import STYLE

NOTHING_YET = (
    "No run has been certified yet, so that there is nothing to show:"
    " `lens run --landing DIR` loads your files, `make demo` an invented shop."
)


def page() -> None:
    """Draws the first dashboard; a failure is told on the page, in one line."""
    try:
        settings = Settings.from_environment()
        definition = read_definition(currency=settings.currency)
        dashboard = definition.dashboards[0]
        st.set_page_config(dashboard.name, layout="wide")
        st.html(STYLE)
        url = _url()
        st.title(dashboard.name)
        st.caption(
            f"{dashboard.description} This is a preview of the Metabase dashboards, drawn from"
            " the same files."
        )
        with connected(url) as connection:
            if not _is_certified(connection):
                st.info(NOTHING_YET)
                return
            _tabs(Desk(connection, url, settings.currency, {}), definition, dashboard)
    except LensError as error:
        st.error(str(error))


@st.cache_resource(ttl=60, show_spinner=False)
def _url() -> str:
    """Where the warehouse is: asked of the server once a minute, not for every click."""
    return with_password(running_bi_url(Settings.from_environment()))


def _is_certified(connection: Connection) -> bool:
    query = "select business_date is not null from marts.data_status"
    _, rows = ask(connection, query, what="the last certified run")
    return rows == [(True,)]


def _tabs(desk: Desk, definition: Definition, dashboard: Dashboard) -> None:
    places = st.tabs([tab.name for tab in dashboard.tabs], key="tab", bind="query-params")
    for tab, place in zip(dashboard.tabs, places, strict=True):
        if place.open:
            with place:
                choices = chosen(desk.connection, definition, dashboard, tab)
                _draw(desk.with_choices(choices), definition, tab)


def _draw(desk: Desk, definition: Definition, tab: Tab) -> None:
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
                    draw_card(desk, definition.cards[placed.item.card], tab, placed.height)


page()
