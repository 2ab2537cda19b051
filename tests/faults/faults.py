"""What can go wrong, and when: a case is made from its number alone."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from tests.faults.site import PATIENCE, Command, Site

POLL = 0.02

# Tables whose writing is held up until the fault has struck, by command.
TABLES = {
    "ingest": ("raw.store_sales_header", "ops.landing_files", "ops.load_batches"),
    "validate": (
        "judge.store_zones",
        "reject.store_sales_header",
        "reject.store_sales_line_items",
        "ops.duplicates",
        "ops.validation_results",
    ),
    "run": ("ops.model_runs", "ops.pipeline_runs"),
}
# Statements that a run is seen with, and struck at.
QUERIES = (
    "stg_store_sales_header",
    '"clean"."customers',
    '"clean"."sales',
    '"marts"."points_ledger',
    '"marts"."points_balances',
    '"marts"."customer_rfm',
    '"marts"."customer_details',
)
SECONDS = {"ingest": 2.5, "validate": 7.0, "run": 16.0}  # by which most of these are over


def _kill_backend(site: Site, command: Command) -> None:
    for pid in site.backends()[:1]:
        psutil.Process(pid).kill()


STRIKES: dict[str, Callable[[Site, Command], None]] = {
    "lens killed": lambda site, command: command.kill(with_helpers=False),
    "lens and helpers killed": lambda site, command: command.kill(with_helpers=True),
    "server killed": lambda site, command: site.kill_server(),
    "backend killed": _kill_backend,
    "connections cut": lambda site, command: site.cut(),
}
DISK_FULL = "disk full"


@dataclass(frozen=True)
class Fault:
    """`table`: strike when somebody waits to write to it; `query`: when a statement with this text
    runs; else `seconds` after the start.

    A full disk has `room` bytes from the start on.
    """

    kind: str
    command: str = "run"  # run, ingest or validate
    table: str | None = None
    query: str | None = None
    seconds: float = 0.0
    room: int = 0

    def strike(self, site: Site) -> tuple[int, str]:
        """Runs the command under this fault: its exit code and what it said."""
        if self.kind == DISK_FULL:
            site.fill_disk(self.room)
            try:
                command = site.command(self.command)
                return command.wait(), command.output()
            finally:
                site.empty_disk()
        if self.table is None:
            command = site.command(self.command)
            end = time.monotonic() + (self.seconds or PATIENCE)
            while time.monotonic() < end and not command.is_over:
                if self.query and site.runs(self.query):
                    break
                time.sleep(0 if self.query else POLL)
            STRIKES[self.kind](site, command)
        else:
            with site.held(self.table):
                command = site.command(self.command)
                while not site.waiting() and not command.is_over:
                    time.sleep(POLL)
                STRIKES[self.kind](site, command)
        return command.wait(), command.output()


def fault(number: int, *, with_disk: bool) -> Fault:
    """Case `number`: by delay and by table in turn, each kind as often as the others."""
    chance = random.Random(number)  # noqa: S311
    kinds = [*STRIKES, DISK_FULL] if with_disk else list(STRIKES)
    kind = kinds[number % len(kinds)]
    command = chance.choice(list(TABLES))
    if kind == DISK_FULL:
        return Fault(kind, command, room=int(2 ** chance.uniform(12, 25)))
    if chance.random() < 0.5:
        return Fault(kind, command, table=chance.choice(TABLES[command]))
    if command == "run" and chance.random() < 0.7:
        return Fault(kind, command, query=chance.choice(QUERIES))
    return Fault(kind, command, seconds=chance.uniform(0.3, SECONDS[command]))
