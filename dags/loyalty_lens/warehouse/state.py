"""What the embedded server keeps under LENS_HOME: lock, port, passwords."""

import fcntl
import json
import os
import secrets
import socket
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse.account import owner_of, user_name

HOST = "127.0.0.1"
# Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections, so
# that the port is still free when the server comes back.
PORTS = range(20000, 32000)


@dataclass(frozen=True)
class State:
    """The content of `server.json`, readable by its owner alone."""

    port: int
    password: str  # of the superuser, who makes lens_owner and does nothing else
    bi_password: str  # of lens_bi
    owner_password: str | None = None  # of lens_owner, the pipeline; None until it is made

    @classmethod
    def fresh(cls) -> "State":
        return cls(free_port(), secrets.token_urlsafe(24), secrets.token_urlsafe(24))

    def with_port(self, port: int) -> "State":
        return replace(self, port=port)

    def with_owner(self) -> "State":
        """With a password for lens_owner."""
        return replace(self, owner_password=secrets.token_urlsafe(24))

    def without_owner(self) -> "State":
        """Of a server that is yet to be made."""
        return replace(self, owner_password=None)


def make_home(home: Path) -> None:
    """Creates the folder for its user alone; raises WarehouseError where that cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(home, error) from None


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """One process at a time starts, stops or sets up the server; the system frees a dead one's."""
    try:
        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unusable(home, error) from None
    try:
        _give_to_owner(descriptor, home)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read_state(home: Path) -> State | None:
    """The state, None before the first start; raises WarehouseError if it cannot be read."""
    path = home / "server.json"
    try:
        found = json.loads(path.read_text("utf-8"))
        owner = found.get("owner_password")
        return State(
            int(found["port"]),
            str(found["password"]),
            str(found["bi_password"]),
            None if owner is None else str(owner),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(home, error) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WarehouseError(
            f"{path} is damaged: put it back from a backup, or lens reset to start anew"
        ) from None


def write_state(home: Path, state: State) -> None:
    """Replaces the file in one step, mode 0600, owned by the owner of `home`."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="server.", dir=home)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(descriptor)
            _give_to_owner(descriptor, home)
        Path(name).replace(home / "server.json")
    except OSError as error:
        raise unusable(home, error) from None


def open_log(home: Path) -> int:
    """A descriptor that appends to `postgres.log`; a log over 10 MB becomes `postgres.log.1`."""
    path = home / "postgres.log"
    try:
        with suppress(FileNotFoundError):
            if path.stat().st_size > 10_000_000:
                path.replace(path.with_name("postgres.log.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        _give_to_owner(descriptor, home)
    except OSError as error:
        raise unusable(home, error) from None
    return descriptor


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, drawn at random."""
    for _ in range(1000):
        port = secrets.choice(PORTS)
        if is_free(port):
            return port
    raise WarehouseError(f"no free port on {HOST} between {PORTS.start} and {PORTS.stop}")


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether a PostgreSQL server speaks there, asked by the first bytes of its protocol.

    A process that was killed a moment ago still has its number, its port and its `postmaster.pid`.
    """
    with socket.socket() as probe:
        probe.settimeout(5)
        try:
            probe.connect((HOST, port))
            probe.sendall(struct.pack("!ii", 8, 80877103))  # SSLRequest
            return probe.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _give_to_owner(descriptor: int, home: Path) -> None:
    """What root writes into somebody's home stays usable for that somebody."""
    owner = owner_of(home)
    if os.geteuid() == 0 and owner:
        os.fchown(descriptor, owner, -1)


def unusable(home: Path, error: OSError) -> WarehouseError:
    try:
        owner = owner_of(home)
    except OSError:
        owner = None
    whose = f" (it belongs to {user_name(owner)})" if owner not in (None, os.geteuid()) else ""
    return WarehouseError(
        f"{home}{whose}: {error.strerror} for user {user_name(os.geteuid())};"
        " set LENS_HOME to a folder of your own"
    )
