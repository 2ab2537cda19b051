"""What the figures were measured on; never which machine that is."""

import os
import platform
from dataclasses import dataclass

from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.memory import available_cores, available_memory


@dataclass(frozen=True)
class Machine:
    """Cores, memory in GB, versions; `load`: programs that wanted a core before it began."""

    cores: int
    memory: int
    postgres: str
    python: str
    load: float

    def told(self) -> str:
        return (
            f"{self.cores} cores, {self.memory} GB of memory, PostgreSQL {self.postgres},"
            f" Python {self.python}; load average {self.load:.1f} before it began"
        )


def this_machine(url: str) -> Machine:
    """The machine that this runs on, with the server at `url`."""
    with connected(url) as connection:
        postgres = str(connection.info.parameter_status("server_version"))
    memory = round(available_memory() / 2**30)
    load, *_ = os.getloadavg()
    return Machine(available_cores(), memory, postgres, platform.python_version(), load)
