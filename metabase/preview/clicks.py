"""What a click does: sets filters, and may lead to another tab; both stand in the address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from metabase.definition import Card, Tab

# Filters with one value, typed in; all others hold a list.
TYPED = ("customer", "product")


def address(card: Card, tab: Tab, row: Mapping[str, Any]) -> str | None:
    """Where a click on a row of a table leads, with the filters that are set; None: nowhere."""
    if not card.click or any(row[column] is None for column in card.click.sets.values()):
        return None
    query: dict[str, list[str]] = {
        name: st.query_params.get_all(name) for name in st.query_params if name != "tab"
    }
    for name, column in card.click.sets.items():
        query[name] = [str(row[column])]
    return "?" + urlencode({"tab": card.click.tab or tab.name, **query}, doseq=True)


def on_click(card: Card, tab: Tab, key: str) -> None:
    """After a click on a point of a chart: its own values become the choices."""
    points = st.session_state[key].selection.points
    if not card.click or not points:
        return
    values = points[0].get("customdata") or []
    for name, value in zip(card.click.sets, values, strict=False):
        st.session_state[name] = str(value) if name in TYPED else [str(value)]
    st.session_state["tab"] = card.click.tab or tab.name
