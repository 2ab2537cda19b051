"""The embedded PostgreSQL server under LENS_HOME (why TCP only: docs/decisions/0001)."""

import logging
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse import memory, processes, state
from loyalty_lens.warehouse.account import Account, open_way, server_account
from loyalty_lens.warehouse.binaries import (
    ENVIRONMENT,
    Binaries,
    build,
    last_line,
    newest_build,
)
from loyalty_lens.warehouse.data_folder import check_version, initialise
from loyalty_lens.warehouse.formats import postgresql_url
from loyalty_lens.warehouse.owner import OWNER, hand_over

ADMIN = "lens"  # the superuser: makes OWNER, and nothing else connects as it
ANSWER_SECONDS = 60.0  # from the moment that it says it is ready
STOP_SECONDS = 120.0  # a fast shutdown writes what is in memory; after that, without
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerInfo:
    """A server that answers."""

    port: int
    password: str
    bi_password: str
    admin_password: str
    data: Path
    log: Path
    host: str = state.HOST

    def url(self, database: str, *, user: str = OWNER) -> str:
        """The URL of a database for the pipeline (lens_owner), for lens_bi, or for ADMIN."""
        passwords = {OWNER: self.password, ADMIN: self.admin_password}
        password = passwords.get(user, self.bi_password)
        return postgresql_url(
            user=user, password=password, host=self.host, port=self.port, database=database
        )


class EmbeddedServer:
    """A server of its own: data in `home/postgres`, TCP on 127.0.0.1, SCRAM, outlives the command.

    `binaries` (a `bin` folder) and `options` (PostgreSQL settings) are for tests.
    """

    def __init__(
        self,
        home: Path,
        *,
        binaries: Path | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home.absolute()
        self.folder = self.home / "postgres"
        self.data = self.folder / "data"
        self.log = self.home / "postgres.log"
        self._binaries = binaries
        self._options = dict(options or {})

    def start(self) -> ServerInfo:
        """Makes the server answer, whatever state it was left in, and waits as long as that takes.

        Raises WarehouseError saying why it cannot.
        """
        state.make_home(self.home)
        with self._refusals():
            brought_up = 0.0
            while not (self.is_running() and state.answers(self._state().port)):
                if brought_up and time.monotonic() - brought_up > ANSWER_SECONDS:
                    raise WarehouseError(
                        f"PostgreSQL runs under {self.home} but does not answer:"
                        " lens stop, then lens start"
                    )
                with state.locked(self.home):
                    self._bring_up()
                brought_up = brought_up or time.monotonic()
            if self._state().owner_password is None:
                with state.locked(self.home):
                    self._make_owner()
            return self._info()

    def stop(self) -> bool:
        """Ends the server and waits; says whether there was one. Raises WarehouseError."""
        if not self.home.is_dir():
            return False
        with self._refusals(), state.locked(self.home):
            return self._take_down()

    def destroy(self) -> None:
        """Stops the server and removes its data, log, port and passwords."""
        if not self.home.is_dir():
            return
        with self._refusals(), state.locked(self.home):
            self._take_down()
            if self.folder.exists():
                shutil.rmtree(self.folder)
            for name in ("server.json", "postgres.log", "postgres.log.1"):
                (self.home / name).unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether it takes connections."""
        with self._refusals():
            postmaster = self._postmaster()
        return postmaster is not None and postmaster.status == "ready"

    def running(self) -> ServerInfo | None:
        """How to reach it if it takes connections; starts nothing.

        Raises WarehouseError where an older release made it, and no start has come since.
        """
        return self._info() if self.is_running() else None

    def exists(self) -> bool:
        """Whether it has data."""
        with self._refusals():
            return self.folder.exists()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds off other commands that start, stop or set up this server."""
        with state.locked(self.home):
            yield

    def url(self, database: str) -> str:
        """The URL of a database for the pipeline; starts the server if it is down."""
        return self.start().url(database)

    def _bring_up(self) -> None:
        account = self._account()
        postmaster = processes.running_postmaster(self.data, account)
        if postmaster and postmaster.status == "stopping":
            processes.wait_for_end([postmaster.pid], STOP_SECONDS)
            postmaster = processes.running_postmaster(self.data, account)
        if postmaster:
            self._wait_until_ready(postmaster.pid, self._log_size())
            return
        binaries = build(self._binaries) if self._binaries else newest_build()
        open_way([self.folder, binaries.path("postgres")], account)
        settings = state.read_state(self.home)
        if (self.data / "PG_VERSION").exists():
            check_version(self.data, binaries)
            self._clean_up(account)
            if settings is None:
                raise WarehouseError(f"{self.home / 'server.json'} is missing; {_LOST_STATE}")
        else:
            settings = (settings or state.State.fresh()).without_owner()
            state.write_state(self.home, settings)
            is_hasty = self._options.get("fsync") == "off"
            initialise(self.data, binaries, account, ADMIN, settings.password, sync=not is_hasty)
        for _ in range(5):
            if not state.is_free(settings.port):
                log.info("port %d is taken, the server moves to another", settings.port)
                settings = settings.with_port(state.free_port())
                state.write_state(self.home, settings)
            if self._launch(binaries, account, settings.port):
                return
        raise WarehouseError(f"no port on {state.HOST} stays free; see {self.log}")

    def _launch(self, binaries: Binaries, account: Account, port: int) -> bool:
        """Starts the server and waits for it; False if somebody was quicker to take the port."""
        options = memory.server_options(
            memory.available_memory(), memory.available_cores(), memory.shared_memory_size()
        )
        options |= {"listen_addresses": state.HOST, "unix_socket_directories": ""}
        options |= {"port": str(port)} | self._options
        command = [str(binaries.path("postgres")), "-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in options.items()]
        before = self._log_size()
        output = state.open_log(self.home)
        try:
            # The shell ends at once, so the server is nobody's child: no zombie, no signal from
            # the terminal, and it outlives this command.
            answer = subprocess.run(  # type: ignore[call-overload]
                ["/bin/sh", "-c", 'exec 3>&1 >&2; "$@" 3>&- & echo $! >&3', "sh", *command],
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                check=True,
                start_new_session=True,
                **account.as_arguments,
            )
        finally:
            os.close(output)
        return self._wait_until_ready(int(answer.stdout), before)

    def _wait_until_ready(self, pid: int, log_size: int) -> bool:
        """Waits while the process lives: recovery after a crash may take minutes."""
        told = time.monotonic()
        while True:
            alive = processes.is_alive(pid)
            noted = processes.noted_postmaster(self.data)
            if alive and noted and noted.pid == pid and noted.status == "ready":
                return True
            if not alive:
                return self._explain_end(log_size)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                log.info("waiting for PostgreSQL to recover; see %s", self.log)
            time.sleep(processes.PAUSE)

    def _explain_end(self, log_size: int) -> bool:
        with self.log.open("rb") as file:
            file.seek(log_size)
            text = file.read().decode("utf-8", errors="replace")
        if "could not create any TCP/IP sockets" in text:
            return False
        reasons = re.findall(r"(?:FATAL|PANIC):\s*(.+)", text)
        reason = reasons[-1] if reasons else last_line(text)
        raise WarehouseError(f"PostgreSQL does not start: {reason}; see {self.log}")

    def _make_owner(self) -> None:
        """Once in a server's life: what an older release left belongs to its superuser."""
        found = self._state()
        if found.owner_password is None:
            found = found.with_owner()
            hand_over(self._reached(found).url("postgres", user=ADMIN), found.owner_password or "")
            state.write_state(self.home, found)

    def _info(self) -> ServerInfo:
        found = self._state()
        if found.owner_password is None:
            raise WarehouseError(
                f"the server under {self.home} has no role lens_owner yet: lens start makes it"
            )
        return self._reached(found)

    def _reached(self, found: state.State) -> ServerInfo:
        return ServerInfo(
            found.port,
            found.owner_password or "",
            found.bi_password,
            found.password,
            self.data,
            self.log,
        )

    def _state(self) -> state.State:
        found = state.read_state(self.home)
        if found is None:
            raise WarehouseError(f"{self.home / 'server.json'} is missing; {_LOST_STATE}")
        noted = processes.noted_postmaster(self.data)
        # server.json may come from a backup
        return found.with_port(noted.port) if noted and noted.port else found

    def _clean_up(self, account: Account) -> None:
        """After a crash; only called when no postmaster lives."""
        count = processes.end_leftovers(self.data, account)
        if count:
            log.info("ended %d processes of a server that was killed", count)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _take_down(self) -> bool:
        account = self._account()
        postmaster = processes.running_postmaster(self.data, account)
        if postmaster:
            processes.send(postmaster.pid, signal.SIGINT)
            if not processes.wait_for_end([postmaster.pid], STOP_SECONDS):
                processes.send(postmaster.pid, signal.SIGQUIT)
                processes.wait_for_end([postmaster.pid], processes.PATIENCE)
        left = processes.end_leftovers(self.data, account) if self.data.exists() else 0
        return bool(postmaster or left)

    def _postmaster(self) -> processes.Postmaster | None:
        return processes.running_postmaster(self.data, self._account())

    def _account(self) -> Account:
        return server_account(self.home, self.folder)

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise state.unusable(self.home, error) from None


_LOST_STATE = "put it back from a backup, or lens reset to start anew"
