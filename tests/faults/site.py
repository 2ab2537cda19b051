"""A warehouse of its own to break: an embedded server, real `lens` processes, states to compare."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.warehouse.connection import connect
from loyalty_lens.warehouse.server import EmbeddedServer

DATABASE = "loyalty_lens"
PATIENCE = 240.0  # seconds that any single command may take
MEMORY = Path("/dev/shm")  # noqa: S108
DISK_BYTES = 900 << 20
State = dict[str, list[str]]

BATCHES = """
select data_set, source_file, status, rows_read, rows_accepted, rows_rejected, rows_duplicate,
    rows_malformed, business_date
from ops.load_batches
"""
LINES = "select line_number, line, reason from reject.malformed_lines"


class Site:
    """LENS_HOME on a small disk of its own where that may be mounted, so that it can be filled.

    The server keeps its durable settings: what it acknowledged must survive.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lens faults ", dir=_roomy()))
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self.is_mounted = _mount(self.disk)
        self.home = self.disk / "home"
        self.landing = self.folder / "landing"
        self.landing.mkdir()
        self.server = EmbeddedServer(self.home)
        others = {n: v for n, v in os.environ.items() if not n.startswith(("LENS_", "PG"))}
        self.environment = {
            **others,
            "LENS_HOME": str(self.home),
            "LENS_LANDING": str(self.landing),
            "LENS_LOG_LEVEL": "WARNING",
        }

    def close(self) -> None:
        """Server, disk and folder are gone afterwards."""
        self.empty_disk()
        with suppress(FileNotFoundError):
            self.server.destroy()
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.disk)], check=True)
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        return self.server.url(DATABASE)

    def deliver(self, files: dict[str, str]) -> None:
        """Files into the landing folder, by path."""
        for path, text in files.items():
            location = self.landing / path
            location.parent.mkdir(parents=True, exist_ok=True)
            location.write_text(text, "utf-8")

    def command(self, *arguments: str) -> "Command":
        """`lens ARGUMENTS`, started."""
        return Command(self, arguments)

    def works(self, *arguments: str) -> None:
        """A command that must succeed."""
        done = self.command(*arguments)
        assert done.wait() == 0, f"lens {' '.join(arguments)}: {done.output()}"

    def save_as(self, name: str) -> None:
        """Keeps the warehouse as it is under another name."""
        self._execute(f'drop database if exists "{name}" with (force)')
        self._end_connections()
        self._execute(f'create database "{name}" template {DATABASE}')

    def restore(self, name: str) -> None:
        """The warehouse as it was when it was kept under that name.

        As files: after the default way of copying, a crash before the next checkpoint leaves the
        indexes of unlogged tables broken (PostgreSQL 18.4).
        """
        self._execute(f"drop database if exists {DATABASE} with (force)")
        self._execute(f'create database {DATABASE} template "{name}" strategy file_copy')

    def state(self) -> State:
        """What the warehouse says, but for numbers that a further attempt uses up."""
        queries = {"batches": BATCHES, "malformed": LINES}
        for name in load_data_sets():
            for schema in ("accepted", "reject"):
                queries[f"{schema}.{name}"] = self._contents(schema, name)
            queries[f"duplicates of {name}"] = (
                "select batches.source_file, duplicates._row_number, originals.source_file,"
                " duplicates.original_row_number from ops.duplicates"
                " inner join ops.load_batches as batches on duplicates._batch_id = batches.batch_id"
                " inner join ops.load_batches as originals"
                " on duplicates.original_batch_id = originals.batch_id"
                f" where duplicates.data_set = '{name}'"
            )
        for schema, table in self.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema = 'clean' or table_schema = 'marts' and table_name = any(%s)",
            list(MARTS),
        ):
            queries[f"{schema}.{table}"] = self._contents(schema, table)
        return {name: sorted(map(str, self.rows(query))) for name, query in queries.items()}

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall()

    def fill_disk(self, left: int) -> None:
        """Leaves so many bytes free on the disk of LENS_HOME."""
        assert self.is_mounted
        free = shutil.disk_usage(self.disk).free
        with (self.disk / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(free - left, 1))

    def empty_disk(self) -> None:
        (self.disk / "filler").unlink(missing_ok=True)

    def kill_server(self) -> None:
        """SIGKILL for the postmaster; its children are left to notice."""
        pid = int((self.server.data / "postmaster.pid").read_text().split()[0])
        psutil.Process(pid).kill()

    def backends(self) -> list[int]:
        """Server processes that work for `lens`, not for this test."""
        return [
            pid
            for (pid,) in self._ask(
                "select pid from pg_stat_activity where datname = %s"
                " and application_name is distinct from 'faults' and pid <> pg_backend_pid()",
                DATABASE,
            )
        ]

    def waiting(self) -> bool:
        """Whether a backend of `lens` waits for a lock on a table."""
        return bool(
            self._ask(
                "select from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"
                " and wait_event <> 'advisory'",
                DATABASE,
            )
        )

    def runs(self, text: str) -> bool:
        """Whether a backend of `lens` is at work on a statement that has this text."""
        return bool(
            self._ask(
                "select from pg_stat_activity where datname = %s and state = 'active'"
                " and strpos(query, %s) > 0",
                DATABASE,
                text,
            )
        )

    def cut(self) -> None:
        """Ends every connection of `lens`."""
        self._ask("select pg_terminate_backend(pid) from unnest(%s) as pid", self.backends())

    @contextmanager
    def held(self, table: str) -> Iterator[None]:
        """Nobody writes to `table` meanwhile; reading goes on."""
        connection = psycopg2.connect(self.url, application_name="faults")
        try:
            connection.cursor().execute(f"lock table {table} in share mode")
            yield
        finally:
            with suppress(psycopg2.Error):
                connection.close()

    def _contents(self, schema: str, table: str) -> str:
        columns = self.rows(
            "select column_name from information_schema.columns where table_schema = %s"
            " and table_name = %s and column_name not like '\\_%%'"
            " and column_name not in ('rejected_at', 'resolved_at') order by 1",
            schema,
            table,
        )
        return f"select {', '.join(name for (name,) in columns)} from {schema}.{table}"

    def _ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """From the maintenance database, of a server that may be down: then nothing."""
        info = self.server.running()
        if info is None:
            return []
        try:
            with closing(connect(info.url("postgres"), autocommit=True)) as connection:
                cursor = connection.cursor()
                cursor.execute(query, values)
                return cursor.fetchall()
        except Exception:  # noqa: BLE001 - it may fall at any moment
            return []

    def _execute(self, statement: str) -> None:
        with closing(connect(self.server.url("postgres"), autocommit=True)) as connection:
            connection.cursor().execute(statement)

    def _end_connections(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.backends() and time.monotonic() < end:
            self.cut()
            time.sleep(0.05)


class Command:
    """A running `lens`, in a process group of its own with its helpers in theirs."""

    def __init__(self, site: Site, arguments: tuple[str, ...]) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the command
        self._process = psutil.Popen(
            [sys.executable, "-m", "loyalty_lens.cli.main", *arguments],
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def wait(self) -> int:
        """Its exit code."""
        return int(self._process.wait(PATIENCE))

    def kill(self, *, with_helpers: bool) -> None:
        """SIGKILL; helpers notice the end of their input by themselves, when they read it."""
        doomed = [self._process]
        if with_helpers:
            with suppress(psutil.Error):
                doomed += self._process.children(recursive=True)
        for process in doomed:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)

    def output(self) -> str:
        """What it has said so far."""
        self._output.seek(0)
        return self._output.read()


MARTS = (
    "customer_details",
    "customer_rfm",
    "points_ledger",
    "points_lots",
    "points_balances",
    "sales_daily",
    "segment_summary",
    "promotion_performance",
)


def _roomy() -> Path | None:
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 3 << 30 else None


def _mount(folder: Path) -> bool:
    """Whether a disk of its own could be mounted there: as root, where the kernel allows it."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "lens-faults", str(folder)],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0
