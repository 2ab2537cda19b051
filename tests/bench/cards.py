"""How long each card takes on a warehouse that is there: `make bench-cards`.

Reads as lens_bi, bare, under each filter and under all, the best of three; the warehouse is that of
the settings (`LENS_HOME`, `LENS_DATABASE_URL`; the demo's with `--demo`). The limit of 300 ms holds
for what `lens generate --preset large` makes.
"""

import sys
import time
from contextlib import closing

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url, with_password
from loyalty_lens.warehouse.connection import connect
from metabase.definition import read_definition
from metabase.preview.query import run_card
from tests.dashboards.chosen import one_of_each

REPEATS = 3
LIMIT = 0.3  # seconds


def main(demo: bool) -> None:
    """One line a card, the slowest first: the slowest choice, its rows and milliseconds."""
    definition = read_definition()
    (dashboard,) = definition.dashboards
    slowest: list[tuple[float, str, str, int]] = []
    url = with_password(bi_url(Settings.from_environment(demo=demo)))
    with closing(connect(url, autocommit=True)) as connection:
        choices = one_of_each(connection, dashboard)
        for key, card in definition.cards.items():
            singles = {name: {name: choices[name]} for name in card.filters}
            found = []
            for name, chosen in {"no filter": {}, **singles, "all filters": choices}.items():
                best = float("inf")
                for _ in range(REPEATS):
                    start = time.perf_counter()
                    rows = len(run_card(connection, card, chosen).rows)
                    best = min(best, time.perf_counter() - start)
                found.append((best, key, name, rows))
            slowest.append(max(found))
    slowest.sort(reverse=True)
    for seconds, key, name, rows in slowest:
        sys.stdout.write(f"{seconds * 1000:7.0f} ms  {key} ({name}, {rows} rows)\n")
    over = sum(seconds > LIMIT for seconds, *_ in slowest)
    sys.stdout.write(f"{len(slowest)} cards, {over} over {LIMIT * 1000:.0f} ms\n")


if __name__ == "__main__":
    main("--demo" in sys.argv[1:])
