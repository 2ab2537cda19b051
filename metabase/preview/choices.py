"""What may be chosen in a filter, and what a choice means in SQL."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from metabase.definition import Card, Dashboard, Definition, Filter
from metabase.preview.ask import ask


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both inclusive."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Values:
    """Any of these; at least one."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class AtMost:
    """This number or less."""

    value: int


Choice = Period | Values | AtMost
PERIODS: dict[str, int | None] = {  # days up to the last one with data; None: no choice
    "Not chosen": None,
    "Last 7 days": 7,
    "Last 30 days": 30,
    "Last 90 days": 90,
    "Last 365 days": 365,
}


def period_of(name: str, first: dt.date, last: dt.date) -> Period | None:
    """The days of one of `PERIODS` in data from `first` to `last`; None for no choice."""
    days = PERIODS[name]
    return None if days is None else Period(max(first, last - dt.timedelta(days=days - 1)), last)


def condition(connection: Connection, column: str, choice: Choice) -> str:
    """The choice as SQL on `schema.table.column`, quoted by the server's own rules."""
    name = sql.Identifier(*column.split("."))
    if isinstance(choice, Period):
        first, last = sql.Literal(choice.first), sql.Literal(choice.last)
        text = sql.SQL("{} between {} and {}").format(name, first, last)
    elif isinstance(choice, AtMost):
        text = sql.SQL("{} <= {}").format(name, sql.Literal(choice.value))
    else:
        values = sql.SQL(", ").join(map(sql.Literal, choice.values))
        text = sql.SQL("{} in ({})").format(name, values)
    rendered: str = text.as_string(connection)
    return rendered


def columns_of(definition: Definition, dashboard: Dashboard, filter_id: str) -> list[str]:
    """The columns that a filter acts on, one for each table, in reading order."""
    cards = (definition.cards[key] for key in dashboard.card_keys())
    return list(
        dict.fromkeys(card.filters[filter_id] for card in cards if filter_id in card.filters)
    )


def listened_to(cards: list[Card], filters: tuple[Filter, ...]) -> list[Filter]:
    """The filters that at least one of the cards listens to."""
    return [each for each in filters if any(each.id in card.filters for card in cards)]


def span(connection: Connection, column: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day in the column; None without data."""
    query = sql.SQL("select min({0}), max({0}) from {1}").format(
        sql.Identifier(column.split(".")[-1]), sql.Identifier(*column.split(".")[:2])
    )
    _, ((first, last),) = ask(connection, query, what="the days to choose from")
    return None if first is None else (first, last)


def options(connection: Connection, column: str, limits: Mapping[str, Choice]) -> list[str]:
    """The values of a column, in order; `limits`: other columns of its table and their choices."""
    conditions = ["true", *(condition(connection, other, limits[other]) for other in limits)]
    query = sql.SQL("select distinct {0} from {1} where {0} is not null and {2} order by 1").format(
        sql.Identifier(column.split(".")[-1]),
        sql.Identifier(*column.split(".")[:2]),
        sql.SQL(" and ".join(conditions)),
    )
    _, rows = ask(connection, query, what=f"the values of {column}")
    return [value for (value,) in rows]
