"""How long each card takes on a warehouse that is there: `make bench-cards`.

Reads as lens_bi, bare, under each filter, under each with nearly all of its values and under all
filters, the best of three; so many rows as Metabase reads to show them (a download has all). The
warehouse is that of the settings (`LENS_HOME`, `LENS_DATABASE_URL`; the demo's with `--demo`). The
limit of 300 ms holds for what `lens generate --preset large` makes.
"""

import sys
import time
from contextlib import closing
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url, with_password
from loyalty_lens.warehouse.connection import connect
from metabase.definition import Card, read_definition
from metabase.preview.choices import Choice, Values, options
from metabase.preview.query import query_of
from tests.dashboards.chosen import one_of_each

REPEATS = 3
LIMIT = 0.3  # seconds
SHOWN_ROWS = 2000  # of an unaggregated question, in Metabase


@dataclass(frozen=True)
class Timed:
    """The slowest choice for a card: seconds, and rows that are shown."""

    seconds: float
    card: str
    choice: str
    rows: int


def main(demo: bool) -> None:
    """One line a card, the slowest first: the slowest choice, its rows and milliseconds."""
    slowest = timed_cards(with_password(bi_url(Settings.from_environment(demo=demo))))
    for each in slowest:
        sys.stdout.write(
            f"{each.seconds * 1000:7.0f} ms  {each.card} ({each.choice}, {each.rows} rows)\n"
        )
    over = sum(each.seconds > LIMIT for each in slowest)
    sys.stdout.write(f"{len(slowest)} cards, {over} over {LIMIT * 1000:.0f} ms\n")


def timed_cards(url: str) -> list[Timed]:
    """Every card as lens_bi reads it at `url`, the slowest first."""
    definition = read_definition()
    (dashboard,) = definition.dashboards
    slowest = []
    with closing(connect(url, autocommit=True)) as connection:
        choices = one_of_each(connection, dashboard)
        for key, card in definition.cards.items():
            sets = {"no filter": {}, **_singles(connection, card, choices), "all filters": choices}
            found = []
            for name, chosen in sets.items():
                query = query_of(connection, card, chosen)
                timed = [_shown(connection, query) for _ in range(REPEATS)]
                found.append(Timed(min(timed)[0], key, name, timed[0][1]))
            slowest.append(max(found, key=lambda each: each.seconds))
    return sorted(slowest, key=lambda each: -each.seconds)


def _singles(
    connection: Connection, card: Card, choices: dict[str, Choice]
) -> dict[str, dict[str, Choice]]:
    """Each filter alone, with one value and with all but one."""
    sets: dict[str, dict[str, Choice]] = {}
    for name, column in card.filters.items():
        sets[name] = {name: choices[name]}
        if isinstance(choices[name], Values):
            values = options(connection, column, {})
            if 2 < len(values) <= SHOWN_ROWS:
                sets[f"nearly every {name}"] = {name: Values(tuple(map(str, values[1:])))}
    return sets


def _shown(connection: Connection, query: str) -> tuple[float, int]:
    """Seconds until the rows to show are there, and how many they are."""
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute("begin; set local cursor_tuple_fraction = 1")
        cursor.execute(f"declare card cursor for {query}")
        cursor.execute(f"fetch {SHOWN_ROWS} from card")
        rows = len(cursor.fetchall())
        seconds = time.perf_counter() - start
        cursor.execute("rollback")
    return seconds, rows


if __name__ == "__main__":
    main("--demo" in sys.argv[1:])
