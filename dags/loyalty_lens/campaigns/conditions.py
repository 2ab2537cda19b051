"""What a customer must meet to be on a list: one column, one comparison, checked, then SQL.

value_segment: High Value - At Risk          equals
tier: [Gold, Platinum]                       is one of
recency_days: {at_least: 30, below: 365}     ranges; also at_most and above
city: {is_not: [Paris]}                      is none of (nor missing)
email: {given: true}                         has a value (false: has none)
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg2 import sql

from loyalty_lens.errors import CampaignError

RANGES = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
OPERATORS = ("is", "is_not", "given", *RANGES)
ORDERED = ("number", "date")
# A type of PostgreSQL: what kind of values it is compared with.
KINDS = {
    "text": "text",
    "boolean": "boolean",
    "smallint": "number",
    "integer": "number",
    "bigint": "number",
    "numeric": "number",
    "double precision": "number",
    "date": "date",
    "timestamp with time zone": "date",
}
EXAMPLES = {
    "text": "a text (in quotes where YAML reads it as something else)",
    "number": "a number such as 30",
    "date": "a date such as 2026-01-31",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class Condition:
    """A comparison of one column; several conditions of a list must all be met."""

    column: str
    operator: str
    values: tuple[Any, ...]

    def as_sql(self) -> sql.Composable:
        """The condition on the column of that name; values as literals of the server's quoting."""
        column = sql.Identifier(self.column)
        if self.operator == "given":
            word = sql.SQL("not null" if self.values[0] else "null")
            return sql.SQL("{} is {}").format(column, word)
        values = sql.SQL(", ").join(map(sql.Literal, self.values))
        if self.operator in ("is", "is_not"):
            word = sql.SQL("in" if self.operator == "is" else "not in")
            return sql.SQL("{} {} ({})").format(column, word, values)
        return sql.SQL("{} {} {}").format(column, sql.SQL(RANGES[self.operator]), values)

    def check(self, where: str, types: Mapping[str, str]) -> None:
        """Raises CampaignError where the column is not there or the values do not fit its type."""
        if self.column not in types:
            raise CampaignError(f"{where}: there is no column {self.column!r} to choose by")
        kind = KINDS.get(types[self.column])
        if self.operator == "given":
            return
        if kind is None or (self.operator in RANGES and kind not in ORDERED):
            raise CampaignError(f"{where}: {self.column} cannot be compared by {self.operator}")
        for value in self.values:
            if not _fits(value, kind):
                raise CampaignError(
                    f"{where}: {self.column} is compared with {value!r}: use {EXAMPLES[kind]}"
                )


def read_conditions(where: str, given: Any) -> tuple[Condition, ...]:
    """The conditions of `where:` in a list; no columns are looked at. Raises CampaignError."""
    if not isinstance(given, dict) or not given:
        raise CampaignError(f"{where}: `where` names at least one column and what it must be")
    found: list[Condition] = []
    for column, wanted in given.items():
        if not isinstance(column, str):
            raise CampaignError(f"{where}: {column!r} is no column")
        found += _of_column(where, column, wanted)
    return tuple(found)


def _of_column(where: str, column: str, wanted: Any) -> Iterator[Condition]:
    comparisons = wanted if isinstance(wanted, dict) else {"is": wanted}
    if not comparisons:
        raise CampaignError(f"{where}: {column} has no value; delete the line or say what it is")
    for operator, value in comparisons.items():
        if operator not in OPERATORS:
            raise CampaignError(f"{where}: {column}: {operator!r}: use {', '.join(OPERATORS)}")
        values = tuple(value) if isinstance(value, list) else (value,)
        if not values or any(each is None or isinstance(each, dict | list) for each in values):
            raise CampaignError(f"{where}: {column} {operator} needs a value, or a list of values")
        if operator not in ("is", "is_not") and len(values) > 1:
            raise CampaignError(f"{where}: {column} {operator} takes one value")
        if operator == "given" and not isinstance(value, bool):
            raise CampaignError(f"{where}: {column} given is {value!r}: use true or false")
        yield Condition(column, operator, values)


def _fits(value: Any, kind: str) -> bool:
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float | Decimal) and Decimal(str(value)).is_finite()
    if kind == "date":
        return isinstance(value, dt.date)
    return isinstance(value, str) and "\0" not in value
