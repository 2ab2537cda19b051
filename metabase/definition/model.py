"""What a card and a dashboard are: the words of the YAML files, and nothing that is not drawn.

The words are Metabase's own (display, visualization settings, filter types, the grid of 24
columns), so that its documentation holds; `README.md` beside this folder tells what is added.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from loyalty_lens.errors import LensError
from metabase.definition.template import tags_of

FULL_WIDTH = 24

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
MartColumn = Annotated[str, StringConstraints(pattern=r"^marts\.[a-z_]+\.[a-z_]+$")]
Format = Literal["text", "integer", "decimal", "percent", "money", "date"]
DECIMALS = {"decimal": 2, "percent": 1, "money": 2}

# Metabase checks none of these: a wrong key does nothing. Only what both readers draw is let in.
SETTINGS = frozenset(
    {
        "graph.dimensions",
        "graph.metrics",
        "graph.x_axis.title_text",
        "graph.y_axis.title_text",
        "graph.x_axis.scale",
        "graph.show_values",
        "series_settings",
        "stackable.stack_type",
        "table.column_formatting",
    }
)


class DefinitionError(LensError):
    """A card or dashboard file is wrong; the message names file, place and remedy."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """One column of a card's result, in the order of its SQL."""

    title: Text
    format: Format = "text"
    decimals: int | None = Field(default=None, ge=0, le=4)
    mini_bar: bool = False  # a bar behind the number (tables)

    @property
    def places(self) -> int:
        """Digits after the point, for both readers."""
        return DECIMALS.get(self.format, 0) if self.decimals is None else self.decimals


class Card(_Strict):
    """One question: SQL on the marts, how it is drawn, and what its number means."""

    key: Text  # the file below cards/, without its suffix: loyalty/revenue
    name: Text
    description: Text
    display: Literal["scalar", "bar", "line", "area", "combo", "row", "table"]
    sql: Text
    filters: dict[Text, MartColumn] = {}  # filter of the dashboard: the column it acts on
    columns: dict[Text, Column]
    settings: dict[str, Any] = {}  # Metabase's visualization settings

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Card":
        if (tags := tags_of(self.sql)) != set(self.filters):
            raise ValueError(f"filters {sorted(self.filters)} but {{{{tags}}}} {sorted(tags)}")
        if unknown := set(self.settings) - SETTINGS:
            raise ValueError(f"settings that the preview does not draw: {sorted(unknown)}")
        if unknown := set(self._columns_named()) - set(self.columns):
            raise ValueError(f"settings name {sorted(unknown)}, which is not among the columns")
        if self.is_chart and not (self.dimensions and self.metrics):
            raise ValueError("a chart needs graph.dimensions and graph.metrics")
        if self.display == "scalar" and len(self.columns) != 1:
            raise ValueError("a scalar has one column")
        return self

    @property
    def is_chart(self) -> bool:
        """True for what is drawn on two axes."""
        return self.display not in ("scalar", "table")

    @property
    def dimensions(self) -> list[str]:
        """The column of the x axis (of a row chart: y), then the one that breaks out series."""
        return list(self.settings.get("graph.dimensions", []))

    @property
    def metrics(self) -> list[str]:
        """The columns drawn as series."""
        return list(self.settings.get("graph.metrics", []))

    def _columns_named(self) -> Iterator[str]:
        yield from self.dimensions
        yield from self.metrics
        yield from self.settings.get("series_settings", {})
        for rule in self.settings.get("table.column_formatting", []):
            yield from rule["columns"]


class Filter(_Strict):
    """A filter above a dashboard; it shows on the tabs that have a card listening to it."""

    id: Text
    name: Text
    type: Literal["date/all-options", "string/="]
    limited_by: tuple[Text, ...] = ()  # filters whose choice shortens this one's list


class Item(_Strict):
    """What stands in a row: exactly one of a card, a heading, a text."""

    card: Text | None = None
    heading: Text | None = None
    text: Text | None = None
    width: int = Field(default=FULL_WIDTH, ge=1, le=FULL_WIDTH)

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Item":
        if sum(part is not None for part in (self.card, self.heading, self.text)) != 1:
            raise ValueError("one of card, heading, text")
        return self


class Row(_Strict):
    """Items side by side; the widths add up to 24 at most."""

    height: int = Field(ge=1, le=30)
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> "Row":
        if (total := sum(item.width for item in self.items)) > FULL_WIDTH:
            raise ValueError(f"widths add up to {total}, the grid has {FULL_WIDTH} columns")
        return self


@dataclass(frozen=True)
class Placed:
    """An item with its place on the grid of 24 columns; rows are counted from 0."""

    item: Item
    row: int
    column: int
    width: int
    height: int


class Tab(_Strict):
    """One tab of a dashboard, from top to bottom."""

    name: Text
    rows: tuple[Row, ...] = Field(min_length=1)

    def placed(self) -> Iterator[Placed]:
        """Every item with its place, from the heights and widths before it."""
        top = 0
        for row in self.rows:
            left = 0
            for item in row.items:
                yield Placed(item, top, left, item.width, row.height)
                left += item.width
            top += row.height

    def card_keys(self) -> list[str]:
        """The cards on the tab, in reading order."""
        return [item.card for row in self.rows for item in row.items if item.card]


class Dashboard(_Strict):
    """Tabs under common filters."""

    key: Text  # the file below dashboards/, without its suffix
    name: Text
    description: Text
    filters: tuple[Filter, ...] = ()
    tabs: tuple[Tab, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Dashboard":
        ids = [each.id for each in self.filters]
        for what, names in (("filter", ids), ("tab", [tab.name for tab in self.tabs])):
            if len(set(names)) != len(names):
                raise ValueError(f"two of one {what} name among {names}")
        for each in self.filters:
            if unknown := set(each.limited_by) - set(ids):
                raise ValueError(f"filter {each.id} is limited_by {sorted(unknown)}, not a filter")
        return self

    def card_keys(self) -> list[str]:
        """Every card once, in reading order."""
        return list(dict.fromkeys(key for tab in self.tabs for key in tab.card_keys()))


@dataclass(frozen=True)
class Definition:
    """All cards by key, and the dashboards that show them."""

    cards: dict[str, Card]
    dashboards: tuple[Dashboard, ...]
