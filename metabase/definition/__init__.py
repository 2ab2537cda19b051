"""Cards and dashboards as they stand in the YAML files, checked when they are read."""

from metabase.definition.model import (
    FULL_WIDTH,
    Card,
    Column,
    Dashboard,
    Definition,
    DefinitionError,
    Filter,
    Placed,
    Tab,
)
from metabase.definition.read import read_definition

__all__ = [
    "FULL_WIDTH",
    "Card",
    "Column",
    "Dashboard",
    "Definition",
    "DefinitionError",
    "Filter",
    "Placed",
    "Tab",
    "read_definition",
]
