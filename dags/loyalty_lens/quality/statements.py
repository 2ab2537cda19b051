"""The statements in `facts/`: read, filled in, and made into a scratch table."""

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
) -> None:
    """Makes `table` anew from a statement that reads what the with clause `head` names.

    `%(name)s` in the statement stands for the value of that parameter.
    """
    for key, value in parameters.items():
        statement = statement.replace(f"%({key})s", sql.Literal(value).as_string(cursor))
    cursor.execute(sql.SQL("drop table if exists {}").format(table))
    cursor.execute(
        sql.SQL("create unlogged table {} as {} select facts.* from (").format(table, head)
        + sql.SQL(statement)
        + sql.SQL(") as facts")
    )
