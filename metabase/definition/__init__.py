"""Cards and dashboards as they stand in the YAML files, checked when they are read."""

from metabase.definition.board import FULL_WIDTH, Dashboard, Definition, Filter, Placed, Tab
from metabase.definition.model import Card, Click, Column, DefinitionError
from metabase.definition.read import read_definition

__all__ = [
    "FULL_WIDTH",
    "Card",
    "Click",
    "Column",
    "Dashboard",
    "Definition",
    "DefinitionError",
    "Filter",
    "Placed",
    "Tab",
    "read_definition",
]
