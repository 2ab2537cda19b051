"""A card's SQL, filled in and run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from metabase.definition import Card
from metabase.definition.template import filled
from metabase.preview.ask import ask
from metabase.preview.choices import Choice, condition


@dataclass(frozen=True)
class Result:
    """The rows of a card; the columns stand in the order of `Card.columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def column(self, name: str) -> list[Any]:
        """The values of one column, top to bottom."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def query_of(connection: Connection, card: Card, choices: Mapping[str, Choice]) -> str:
    """The card's SQL under the choices that it listens to (filter id to choice)."""
    conditions = {
        tag: condition(connection, column, choices[tag])
        for tag, column in card.filters.items()
        if tag in choices
    }
    return filled(card.sql, conditions.get)


def run_card(
    connection: Connection,
    card: Card,
    choices: Mapping[str, Choice],
    *,
    limit: int | None = None,
) -> Result:
    """The result under the choices that the card listens to (filter id to choice).

    `limit`: so many rows at most, from the top.

    Raises WarehouseError where the marts are not built or may not be read.
    """
    query = query_of(connection, card, choices)
    if limit is not None:
        query = f"select * from ({query}) as card limit {limit}"  # noqa: S608
    columns, rows = ask(connection, query, what=card.name)
    return Result(columns, tuple(rows))
