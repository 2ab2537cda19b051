"""`lens ingest` into an empty warehouse, and a bare `\\copy` of the same files, in turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.server import ServerInfo
from tests.bench import databases
from tests.bench.copying import bare_copy, files_below
from tests.bench.measure import lens
from tests.bench.whole.shop import Shop


@dataclass
class Landing:
    """Seconds of each turn."""

    copy: list[float] = field(default_factory=list)
    ingest: list[float] = field(default_factory=list)

    def turn(self, info: ServerInfo, environment: Mapping[str, str], shop: Shop) -> None:
        """One of each; no warehouse is there before or after it."""
        settings = Settings.from_environment(environment)
        databases.drop(info, settings.database)
        self.copy.append(bare_copy(info.url("postgres"), files_below(shop.landing)))
        warehouse_url(settings)  # made and migrated beforehand
        self.ingest.append(lens("ingest", environment=environment))
        databases.drop(info, settings.database)
