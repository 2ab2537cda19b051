"""What a card is: the words of the YAML files, and nothing that is not drawn.

The words are Metabase's own (display, visualization settings), so that its documentation holds;
`README.md` beside this folder tells what is added.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from loyalty_lens.errors import LensError
from metabase.definition.template import tags_of

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
MartColumn = Annotated[str, StringConstraints(pattern=r"^marts\.[a-z_]+\.[a-z_]+$")]
Format = Literal["text", "integer", "decimal", "percent", "money", "date"]
MART = re.compile(r"\bmarts\.([a-z_]+)")
DECIMALS = {"decimal": 2, "percent": 1, "money": 2}

# Metabase checks none of these: a wrong key does nothing. Only what both readers draw is let in.
SETTINGS = frozenset(
    {
        "graph.dimensions",
        "graph.metrics",
        "graph.x_axis.title_text",
        "graph.y_axis.title_text",
        "graph.y_axis.unpin_from_zero",
        "graph.x_axis.scale",
        "graph.show_values",
        "sankey.source",
        "sankey.target",
        "sankey.value",
        "scalar.switch_positive_negative",
        "series_settings",
        "stackable.stack_type",
        "table.column_formatting",
    }
)


class DefinitionError(LensError):
    """A card or dashboard file is wrong; the message names file, place and remedy."""


class Strict(BaseModel):
    """Unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Strict):
    """One column of a card's result, in the order of its SQL."""

    title: Text
    format: Format = "text"
    decimals: int | None = Field(default=None, ge=0, le=4)
    mini_bar: bool = False  # a bar behind the number (tables)

    @property
    def places(self) -> int:
        """Digits after the point, for both readers."""
        return DECIMALS.get(self.format, 0) if self.decimals is None else self.decimals


class Click(Strict):
    """What a click on a card does: sets filters of the dashboard, and may lead to another tab."""

    sets: dict[Text, Text]  # filter: the column of the result that gives its value
    tab: Text | None = None  # None: the tab on which the card stands (a cross-filter)


class Card(Strict):
    """One question: SQL on the marts, how it is drawn, and what its number means."""

    key: Text  # the file below cards/, without its suffix: loyalty/revenue
    name: Text
    description: Text
    display: Literal[
        "scalar", "smartscalar", "bar", "line", "area", "combo", "row", "sankey", "table"
    ]
    sql: Text
    filters: dict[Text, MartColumn] = {}  # filter of the dashboard: the column it acts on
    columns: dict[Text, Column]
    settings: dict[str, Any] = {}  # Metabase's visualization settings
    click: Click | None = None
    download: bool = False  # a table with a button for the whole of it as CSV

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Card":
        if (tags := tags_of(self.sql)) != set(self.filters):
            raise ValueError(f"filters {sorted(self.filters)} but {{{{tags}}}} {sorted(tags)}")
        if unknown := set(self.settings) - SETTINGS:
            raise ValueError(f"settings that the preview does not draw: {sorted(unknown)}")
        if unknown := set(self._columns_named()) - set(self.columns):
            raise ValueError(f"settings name {sorted(unknown)}, which is not among the columns")
        if self.has_axes and not (self.dimensions and self.metrics):
            raise ValueError("a chart needs graph.dimensions and graph.metrics")
        if self.display == "sankey" and set(self.sankey) != {"source", "target", "value"}:
            raise ValueError("a sankey needs sankey.source, sankey.target and sankey.value")
        if self.display == "scalar" and len(self.columns) != 1:
            raise ValueError("a scalar has one column")
        if self.display == "smartscalar" and len(self.columns) != 2:
            raise ValueError("a smartscalar has two columns: a date, then the number")
        if self.download and self.display != "table":
            raise ValueError("download is for tables")
        return self

    @property
    def marts(self) -> set[str]:
        """The marts that its SQL names, without their schema."""
        return set(MART.findall(self.sql))

    @property
    def is_number(self) -> bool:
        """True for one big number, with or without the one before it."""
        return self.display in ("scalar", "smartscalar")

    @property
    def is_chart(self) -> bool:
        """True for what is neither a number nor a table."""
        return not self.is_number and self.display != "table"

    @property
    def has_axes(self) -> bool:
        """True for what is drawn on two axes."""
        return self.is_chart and self.display != "sankey"

    @property
    def sankey(self) -> dict[str, str]:
        """The columns of a flow: source, target, value."""
        named = self.settings.items()
        return {name[7:]: column for name, column in named if name.startswith("sankey.")}

    @property
    def value_column(self) -> str:
        """The column that holds the number of a scalar or smartscalar: the last one."""
        return list(self.columns)[-1]

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
        yield from self.sankey.values()
        yield from (self.click.sets.values() if self.click else ())
        if len(self.dimensions) < 2:  # else the values of the second one are the series
            yield from self.settings.get("series_settings", {})
        for rule in self.settings.get("table.column_formatting", []):
            yield from rule["columns"]
