"""The filters above a tab: those that one of its cards listens to."""

import datetime as dt

import streamlit as st
from psycopg2.extensions import connection as Connection  # noqa: N812
from streamlit.delta_generator import DeltaGenerator

from metabase.definition import Dashboard, Definition, Filter, Tab
from metabase.preview.choices import (
    PERIODS,
    AtMost,
    Choice,
    Period,
    Values,
    columns_of,
    listened_to,
    options,
    period_of,
    span,
)

CHOOSE = "Choose days"
SIDE_BY_SIDE = 5


def chosen(
    connection: Connection, definition: Definition, dashboard: Dashboard, tab: Tab
) -> dict[str, Choice]:
    """Draws the tab's filters side by side; the choices made, by filter id."""
    cards = [definition.cards[key] for key in tab.card_keys()]
    filters = listened_to(cards, dashboard.filters)
    choices: dict[str, Choice] = {}
    if not filters:
        return choices
    with st.container(key="filters"):
        places = _places(len(filters))
    for each, place in zip(filters, places, strict=True):
        columns = columns_of(definition, dashboard, each.id)
        with place:
            choice: Choice | None
            if each.type == "date/all-options":
                choice = _period(connection, each, columns[0])
            elif each.type == "number/<=":
                choice = _at_most(each)
            elif each.values == "search":
                choice = _typed(each)
            else:
                choice = _values(connection, each, columns[0], definition, dashboard, choices)
        if choice:
            choices[each.id] = choice
    return choices


def _places(count: int) -> list[DeltaGenerator]:
    """A place for each filter, in rows of about the same length."""
    rows = -(-count // SIDE_BY_SIDE)
    length = -(-count // rows)
    return [place for _ in range(rows) for place in st.columns(length)][:count]


def _period(connection: Connection, each: Filter, column: str) -> Choice | None:
    days = span(connection, column)
    if days is None:
        return None
    names = [*PERIODS, CHOOSE]
    name = st.selectbox(each.name, names, key=each.id, bind="query-params", persist_state="session")
    if name != CHOOSE:
        return period_of(name, *days)
    picked: tuple[dt.date, ...] = st.date_input(
        f"{each.name}, first and last day",
        value=days,
        min_value=days[0],
        max_value=days[1],
        key=f"{each.id}-days",
        format="YYYY-MM-DD",
        bind="query-params",
        persist_state="session",
    )
    return Period(*picked) if len(picked) == 2 else None


def _values(
    connection: Connection,
    each: Filter,
    column: str,
    definition: Definition,
    dashboard: Dashboard,
    choices: dict[str, Choice],
) -> Choice | None:
    limits = {
        columns_of(definition, dashboard, other)[0]: choices[other]
        for other in each.limited_by
        if other in choices
    }
    offered = options(connection, column, limits)
    earlier = st.session_state.get(each.id, [])
    if any(value not in offered for value in earlier):  # said here, or the address keeps it
        st.session_state[each.id] = [value for value in earlier if value in offered]
    picked = st.multiselect(
        each.name,
        offered,
        key=each.id,
        placeholder="All",
        bind="query-params",
        persist_state="session",
    )
    return Values(tuple(picked)) if picked else None


def _typed(each: Filter) -> Choice | None:
    text = st.text_input(
        each.name, key=each.id, placeholder="Type one", bind="query-params", persist_state="session"
    )
    return Values((text.strip(),)) if text and text.strip() else None


def _at_most(each: Filter) -> Choice | None:
    number = st.number_input(
        each.name,
        value=None,
        min_value=0,
        step=1,
        key=each.id,
        placeholder="Any",
        bind="query-params",
        persist_state="session",
    )
    return None if number is None else AtMost(int(number))
