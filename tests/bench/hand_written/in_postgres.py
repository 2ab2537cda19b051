"""The hand-written path on the server of the pipeline: `\\copy` of all files, then `tables.sql`."""

from dataclasses import dataclass
from pathlib import Path

from loyalty_lens.warehouse.connection import connected
from tests.bench.copying import copy_into, files_below
from tests.bench.hand_written import TABLES
from tests.bench.measure import stopwatch


@dataclass(frozen=True)
class Taken:
    """Seconds of the copy and of the script."""

    copy: float
    script: float

    @property
    def whole(self) -> float:
        return self.copy + self.script


def build(url: str, folder: Path) -> Taken:
    """All files below `folder` to the tables of `by_hand`, in a database that has neither schema.

    Statistics come first, as anybody does it who has met the planner.
    """
    copy = copy_into(url, "files", files_below(folder))
    with stopwatch() as script, connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("analyze")
        cursor.execute(TABLES.read_text("utf-8"))
    return Taken(copy, script[0])
