"""What is worked out once for each record of a flat file before records are gathered.

Inside an aggregate an expression is worked out again for every aggregate that mentions it, and a
reader around a long expression is called as a function: for each record, ten times as slow.
"""

from psycopg2 import sql


class Beforehand:
    """Columns that an inner query adds to the scratch table: values first, then their numbers."""

    def __init__(self) -> None:
        self._values: list[sql.Composable] = []
        self._numbers: list[sql.Composable] = []

    def value(self, expression: sql.Composable) -> sql.Composable:
        """The name of a column with this expression over the scratch table's columns."""
        return self._added(self._values, "_value", expression)

    def number(self, expression: sql.Composable) -> sql.Composable:
        """The name of a column with this expression, which may name values."""
        return self._added(self._numbers, "_number", expression)

    def table(self) -> sql.Composable:
        """What to select from; `offset 0` keeps the planner from putting expressions back."""
        table: sql.Composable = sql.SQL("split_records")
        for name, added in (("_value", self._values), ("_number", self._numbers)):
            if added:
                columns = sql.SQL(", ").join(
                    sql.SQL("{} as {}").format(expression, sql.Identifier(f"{name}_{at}"))
                    for at, expression in enumerate(added)
                )
                table = sql.SQL("(select records.*, {} from {} as records offset 0)").format(
                    columns, table
                )
        return table

    @staticmethod
    def _added(
        added: list[sql.Composable], name: str, expression: sql.Composable
    ) -> sql.Composable:
        added.append(expression)
        return sql.Identifier("records", f"{name}_{len(added) - 1}")
