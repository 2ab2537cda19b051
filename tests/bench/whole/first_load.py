"""From files to published marts, upon nothing; then runs with nothing new, cards, and new days."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url, warehouse_url, with_password
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.server import ServerInfo
from tests.bench import databases
from tests.bench.cards import Timed, timed_cards
from tests.bench.measure import Memory
from tests.bench.running import Run, lens_run
from tests.bench.whole.shop import Shop

LAYERS = """
select pg_namespace.nspname, sum(pg_total_relation_size(pg_class.oid))
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
where
    pg_class.relkind = 'r'
    and pg_namespace.nspname in ('raw', 'reject', 'clean', 'marts', 'ops', 'judge')
group by pg_namespace.nspname
"""


@dataclass
class FirstLoad:
    """Runs upon nothing and what came after the last of them; memory in MB, layers in bytes."""

    runs: list[Run] = field(default_factory=list)
    python: dict[str, float] = field(default_factory=dict)  # process -> peak
    server: float = 0.0
    shared: float = 0.0
    nothing_new: list[Run] = field(default_factory=list)
    layers: dict[str, int] = field(default_factory=dict)
    cards: list[Timed] = field(default_factory=list)
    days: list[Run] = field(default_factory=list)

    def turn(self, info: ServerInfo, environment: Mapping[str, str]) -> None:
        """One load into a new warehouse, which stays."""
        settings = Settings.from_environment(environment)
        databases.drop(info, settings.database)
        with Memory(info.data) as memory:
            self.runs.append(lens_run(environment, _url(info, settings)))
        for name, peak in memory.python.items():
            self.python[name] = max(peak, self.python.get(name, 0.0))
        self.server, self.shared = max(self.server, memory.server), max(self.shared, memory.shared)

    def look(self, info: ServerInfo, environment: Mapping[str, str], repeats: int) -> None:
        """What stands now: runs with nothing new, the size of each layer, each card."""
        settings = Settings.from_environment(environment)
        for _ in range(repeats):
            self.nothing_new.append(lens_run(environment, _url(info, settings)))
        with connected(warehouse_url(settings)) as connection, connection.cursor() as cursor:
            cursor.execute(LAYERS)
            self.layers = {name: int(size) for name, size in cursor.fetchall()}
        self.cards = timed_cards(with_password(bi_url(settings)))

    def new_days(self, info: ServerInfo, environment: Mapping[str, str], shop: Shop) -> None:
        """The shop's own last days, one run each."""
        settings = Settings.from_environment(environment)
        for day in shop.coming:
            shutil.move(day, Path(settings.landing) / day.name)
            self.days.append(lens_run(environment, _url(info, settings)))

    def clear(self, info: ServerInfo, environment: Mapping[str, str]) -> None:
        """Away with the warehouse."""
        databases.drop(info, Settings.from_environment(environment).database)


def _url(info: ServerInfo, settings: Settings) -> str:
    return info.url(settings.database)
