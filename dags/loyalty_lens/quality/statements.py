"""The statements in `facts/`: read, filled in, and made into a scratch table or view."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

FACTS = Path(__file__).with_name("facts")


def statement_in(name: str) -> str:
    """The text of `facts/<name>.sql`."""
    return (FACTS / f"{name}.sql").read_text("utf-8")


def create(
    cursor: Cursor,
    table: sql.Identifier,
    head: sql.Composable,
    statement: str,
    parameters: dict[str, Any],
    *,
    kind: str = "unlogged table",
) -> None:
    """Makes `table` anew from a statement that reads what the with clause `head` names.

    `kind` may be "view": then what nobody asks for is not worked out.
    """
    drop(cursor, table.strings[-1:])
    cursor.execute(
        sql.SQL("create {} {} as {} select facts.* from ({}) as facts").format(
            sql.SQL(kind), table, head, filled(cursor, statement, parameters)
        )
    )


def filled(cursor: Cursor, statement: str, parameters: dict[str, Any]) -> sql.Composable:
    """The statement with the values of its parameters in place of `%(name)s`."""
    for key, value in parameters.items():
        statement = statement.replace(f"%({key})s", sql.Literal(value).as_string(cursor))
    return sql.SQL(statement)


def drop(cursor: Cursor, names: Iterable[str]) -> None:
    """Drops tables and views of schema `judge`, whichever they are, and the views upon them."""
    cursor.execute(
        "select relname, relkind = 'v' from pg_class"
        " where relnamespace = cast('judge' as regnamespace) and relname = any(%s)",
        (list(names),),
    )
    for name, is_view in cursor.fetchall():
        cursor.execute(
            sql.SQL("drop {} if exists {} cascade").format(
                sql.SQL("view" if is_view else "table"), sql.Identifier("judge", name)
            )
        )
