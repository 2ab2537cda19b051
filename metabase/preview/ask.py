"""Questions to the warehouse; a refusal is one line that names what was asked for."""

from typing import Any

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError, first_line

Rows = list[tuple[Any, ...]]


def ask(
    connection: Connection, query: str | sql.Composable, *, what: str
) -> tuple[tuple[str, ...], Rows]:
    """Names of the columns, and the rows.

    Raises WarehouseError where the marts are not built, may not be read, or do not answer.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return tuple(column.name for column in cursor.description or ()), cursor.fetchall()
    except (
        errors.UndefinedTable,
        errors.UndefinedColumn,
        errors.InvalidSchemaName,
        errors.InsufficientPrivilege,
    ) as error:
        raise WarehouseError(
            f"{what}: {first_line(error)}; build the marts first (lens run, or lens build)"
        ) from None
    except psycopg2.Error as error:
        raise WarehouseError(f"{what}: {first_line(error)}") from None
