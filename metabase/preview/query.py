"""A card's SQL, filled in and run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError, first_line
from metabase.definition import Card
from metabase.definition.template import filled
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


def run_card(connection: Connection, card: Card, choices: Mapping[str, Choice]) -> Result:
    """The result under the choices that the card listens to (filter id to choice).

    Raises WarehouseError where the marts are not built or may not be read.
    """
    conditions = {
        tag: condition(connection, column, choices[tag])
        for tag, column in card.filters.items()
        if tag in choices
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(filled(card.sql, conditions.get))
            columns = tuple(column.name for column in cursor.description or ())
            return Result(columns, tuple(cursor.fetchall()))
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.InsufficientPrivilege) as error:
        raise WarehouseError(
            f"{card.name}: {first_line(error)}; build the marts first (lens run, or lens build)"
        ) from None
    except psycopg2.Error as error:
        raise WarehouseError(f"{card.name}: {first_line(error)}") from None
