"""Which processes belong to a data folder, told without trusting a file that a crash left behind.

A postmaster and its children work inside their data folder, so a process named `postgres` whose
working folder is ours is ours; a number in `postmaster.pid` that another program got is not.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from loyalty_lens.warehouse.account import Account
from loyalty_lens.warehouse.binaries import run

PAUSE = 0.03  # seconds between two looks
PATIENCE = 5.0  # seconds a process gets to end by itself


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says of a process that is alive."""

    pid: int
    port: int | None
    status: str  # starting, ready, stopping; empty in the first instant


def running_postmaster(data: Path, account: Account) -> Postmaster | None:
    """The live postmaster of `data`, if there is one. Raises PermissionError on a shut folder."""
    postmaster = noted_postmaster(data)
    if postmaster is None or not _works_in(postmaster.pid, data, account):
        return None
    return postmaster


def noted_postmaster(data: Path) -> Postmaster | None:
    """What `postmaster.pid` says, be it true or stale; None if it is missing or unfinished."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not lines or not lines[0].strip().isdecimal() or int(lines[0]) == 0:
        return None
    port = lines[3].strip() if len(lines) > 3 else ""
    status = lines[7].strip() if len(lines) > 7 else ""
    return Postmaster(int(lines[0]), int(port) if port.isdecimal() else None, status)


def end_leftovers(data: Path, account: Account) -> int:
    """Ends what a killed postmaster left behind in `data` and says how many processes that were.

    Only for a folder without a live postmaster. Children notice its end by themselves, but one in
    the middle of a long query does not and keeps the shared memory, so the next start would fail.
    """
    left = server_processes(data, account)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        alive = [pid for pid in left if is_alive(pid)]
        for pid in alive:
            send(pid, number)
        wait_for_end(alive, PATIENCE)
    return len(left)


def server_processes(data: Path, account: Account) -> list[int]:
    """The numbers of all live `postgres` processes of `data`: postmaster and children."""
    return [process.pid for process in _servers() if _works_in(process.pid, data, account)]


def send(pid: int, number: signal.Signals) -> None:
    """Signals a process; one that has ended meanwhile is fine."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).send_signal(number)


def wait_for_end(pids: list[int], seconds: float) -> bool:
    """Waits at most `seconds`; says whether all have ended."""
    end = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True


def is_alive(pid: int) -> bool:
    """A zombie, whose parent has not asked for its end yet, counts as ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _servers() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres":
                yield process
        except psutil.Error:
            continue


def _works_in(pid: int, data: Path, account: Account) -> bool:
    try:
        process = psutil.Process(pid)
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            return False
        folder = str(process.cwd())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        # Root in a container may not look into other users' processes; their owner may.
        folder = run(["readlink", f"/proc/{pid}/cwd"], account.as_arguments).stdout.strip()
    return folder == str(data.resolve())
