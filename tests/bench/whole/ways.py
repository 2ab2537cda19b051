"""The same segments without a pipeline: SQL by hand on the same server, DuckDB, pandas."""

import subprocess
import sys
from dataclasses import dataclass, field

from loyalty_lens.warehouse.server import ServerInfo
from tests.bench import databases
from tests.bench.hand_written import in_postgres
from tests.bench.hand_written.in_postgres import Taken
from tests.bench.measure import Memory, stopwatch
from tests.bench.whole.shop import Shop

DATABASE = "by_hand"


@dataclass
class Ways:
    """What each turn took; peaks of memory in MB."""

    by_hand: list[Taken] = field(default_factory=list)
    duckdb: list[float] = field(default_factory=list)
    pandas: list[float] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)

    def turn(self, info: ServerInfo, shop: Shop) -> None:
        """One of each; nothing stays."""
        url = databases.make(info, DATABASE)
        self.by_hand.append(in_postgres.build(url, shop.unspoilt))
        databases.drop(info, DATABASE)
        self.duckdb.append(self._alone("in_duckdb", shop))
        self.pandas.append(self._alone("in_pandas", shop))

    def _alone(self, module: str, shop: Shop) -> float:
        """Seconds of a process of its own, its start included."""
        command = [sys.executable, "-m", f"tests.bench.hand_written.{module}", str(shop.unspoilt)]
        with Memory() as memory, stopwatch() as seconds:
            subprocess.run(command, check=True)
        self.memory[module] = max([self.memory.get(module, 0.0), *memory.python.values()])
        return seconds[0]
