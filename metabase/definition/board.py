"""What a dashboard is: tabs of rows on Metabase's grid of 24 columns, under common filters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from metabase.definition.model import Card, Strict, Text

FULL_WIDTH = 24


class Filter(Strict):
    """A filter above a dashboard; it shows on the tabs that have a card listening to it."""

    id: Text
    name: Text
    type: Literal["date/all-options", "string/=", "number/<="]
    values: Literal["list", "search"] = "list"  # search: too many to list, one is typed
    limited_by: tuple[Text, ...] = ()  # filters whose choice shortens this one's list


class Item(Strict):
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


class Row(Strict):
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


class Tab(Strict):
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


class Dashboard(Strict):
    """Tabs under common filters."""

    key: Text  # the file below dashboards/, without its suffix
    name: Text
    description: Text
    filters: tuple[Filter, ...] = ()
    tabs: tuple[Tab, ...] = Field(min_length=1)  # in the file: the names of files beside it

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
