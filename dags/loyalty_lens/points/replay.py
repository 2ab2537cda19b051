"""A session in which some tables are other ones: temporary, its own, gone when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.errors import PointsError, first_line
from loyalty_lens.points.models import Models
from loyalty_lens.settings import Settings
from loyalty_lens.transform.environment import dbt_environment
from loyalty_lens.warehouse.connection import connected


class Replay:
    """Temporary tables in the place of models: `put` gives one, `build` makes what follows."""

    def __init__(self, cursor: Cursor, models: Models) -> None:
        self.cursor = cursor
        self.models = models
        self._tables: dict[str, str] = {}

    def put(self, model: str, query: str, *parameters: Any) -> None:
        """The rows of `query` stand for `model` from now on."""
        self._make(model, self.cursor.mogrify(query, parameters or None).decode())

    def build(self, *models: str) -> None:
        """These models, in this order, over what stands in the place of others by then."""
        for model in models:
            self._make(model, self.models.sql(model, self._tables))

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, columns by name; temporary tables go before marts."""
        self.cursor.execute(query, parameters or None)
        names = [column.name for column in self.cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def _make(self, model: str, query: str) -> None:
        name = sql.Identifier("pg_temp", model).as_string(self.cursor)
        self.cursor.execute(f"create temporary table {name} on commit drop as\n{query}")
        self.cursor.execute(f"analyze {name}")
        self._tables[model] = name


@contextmanager
def replaying(settings: Settings, url: str) -> Iterator[Replay]:
    """A Replay that is rolled back whatever happens; killed, the server does the same.

    Raises PointsError where nothing is built yet, and WarehouseError.
    """
    models = Models(dbt_environment(settings, url))
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("set local client_min_messages = warning")
        try:
            yield Replay(cursor, models)
        except (psycopg2.ProgrammingError, psycopg2.DataError) as error:
            raise _explained(error) from error
        finally:
            if not connection.closed:
                connection.rollback()


def _explained(error: psycopg2.Error) -> PointsError:
    if isinstance(error, (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn)):
        return PointsError(
            f"the marts are not there, or older than this version: lens run ({first_line(error)})"
        )
    return PointsError(f"the points cannot be reckoned: {first_line(error)}")
