"""What the benchmarks share: a stopwatch, the memory of every process, a table.

Seconds mean nothing across machines or hours; each benchmark prints ratios within one run.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

MB = 1024 * 1024
PAUSE = 0.2  # between two looks at the memory; a look takes 10 ms of a processor


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Seconds of the block, as the only element once it has ended."""
    seconds: list[float] = []
    started = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - started)


@dataclass
class Memory:
    """Peaks in MB while the block runs: each Python process by its module, the server as a whole.

    Watches this process's children and theirs, from when they are programs of their own, and the
    processes of the server with data in `server_data`: the private memory of all of them together,
    and what they share (its buffers), once.
    """

    server_data: Path | None = None
    python: dict[str, float] = field(default_factory=dict)
    server: float = 0.0
    shared: float = 0.0

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        own = _read(os.getpid(), "cmdline")
        while not self._ended.wait(PAUSE):
            parents, states = _processes()
            for pid in _below(os.getpid(), parents):
                line = _read(pid, "cmdline")
                arguments = line.rstrip("\0").split("\0")
                is_python = "python" in Path(arguments[0]).name or "-m" in arguments
                if is_python and line != own:
                    name = _name(arguments)
                    peak = states[pid].get("VmHWM", 0) / 1024
                    self.python[name] = max(self.python.get(name, 0), peak)
            postmaster = self._postmaster()
            if postmaster:
                members = [postmaster, *_below(postmaster, parents)]
                found = [states[pid] for pid in members if pid in states]
                private = sum(state.get("RssAnon", 0) for state in found)
                shared = max((state.get("RssShmem", 0) for state in found), default=0)
                self.server = max(self.server, private / 1024)
                self.shared = max(self.shared, shared / 1024)

    def _postmaster(self) -> int | None:
        if self.server_data is None:
            return None
        try:
            return int((self.server_data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError):
            return None


def processor_seconds(server_data: Path) -> float:
    """Of this process, of children that have ended, and of the server, up to now.

    Unlike seconds it hardly depends on what else the machine does.
    """
    total = sum(os.times()[:4])
    postmaster = int((server_data / "postmaster.pid").read_text().split()[0])
    for pid in [postmaster, *_below(postmaster, _processes()[0])]:
        fields = _read(pid, "stat").rpartition(")")[2].split()
        if fields:  # user, system, and the same of children that have ended
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def lens(*arguments: str, environment: Mapping[str, str]) -> float:
    """Seconds of a `lens` command, from its start to its end. Raises CalledProcessError."""
    with stopwatch() as seconds:
        subprocess.run(
            [sys.executable, "-m", "loyalty_lens.cli.main", *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return seconds[0]


def table(rows: Sequence[Sequence[object]]) -> str:
    """Columns under each other; numbers to the right."""
    texts = [[f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in r] for r in rows]
    widths = [max(len(row[at]) for row in texts) for at in range(len(texts[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in texts
    )


def _processes() -> tuple[dict[int, int], dict[int, dict[str, int]]]:
    parents, states = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        state = {}
        for line in _read(int(entry.name), "status").splitlines():
            name, _, value = line.partition(":")
            if name in ("PPid", "VmHWM", "RssAnon", "RssShmem"):
                state[name] = int(value.split()[0])
        if state:
            parents[int(entry.name)] = state["PPid"]
            states[int(entry.name)] = state
    return parents, states


def _below(pid: int, parents: Mapping[int, int]) -> list[int]:
    children = [child for child, parent in parents.items() if parent == pid]
    return children + [found for child in children for found in _below(child, parents)]


def _name(arguments: Sequence[str]) -> str:
    if "-c" in arguments:
        return "python -c"  # what multiprocessing starts for itself
    modules = [part for part in arguments if part.startswith("loyalty_lens.")]
    return modules[-1].removeprefix("loyalty_lens.") if modules else Path(arguments[-1] or "?").name


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text("utf-8", errors="replace")
    except OSError:
        return ""
