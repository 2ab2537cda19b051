"""Settings of the embedded server for the machine, or the container, that it runs on."""

import os
import shutil
from pathlib import Path

MB = 1024 * 1024
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where PostgreSQL itself puts parallel queries' memory


def server_options(memory: int, cores: int, shared_memory: int | None = None) -> dict[str, str]:
    """PostgreSQL's options for `memory` bytes and `cores`; `shared_memory` is the size of /dev/shm.

    Durability stays on (fsync, full_page_writes). Replication is off, which makes the log
    minimal: a bulk load into a table made in the same transaction skips it. Its pages go there
    when they are read first (hints under checksums): compressed, that takes six times as long.
    """
    megabytes = max(memory // MB, 256)
    workers = max(min(cores, 8), 1)
    options = {
        "shared_buffers": f"{_between(128, megabytes // 8, 2048)}MB",
        "effective_cache_size": f"{megabytes // 2}MB",
        "work_mem": f"{_between(8, megabytes // 128, 128)}MB",
        "maintenance_work_mem": f"{_between(64, megabytes // 16, 1024)}MB",
        "max_wal_size": f"{_between(1024, megabytes // 4, 4096)}MB",
        "max_worker_processes": str(workers + 4),
        "max_parallel_workers": str(workers),
        "max_parallel_workers_per_gather": str(min(workers, 4) if workers > 1 else 0),
        "jit": "off",
        "huge_pages": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_compression": "off",
        "random_page_cost": "1.1",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "password_encryption": "scram-sha-256",
        "max_connections": "100",
    }
    if shared_memory is not None and shared_memory < 512 * MB:
        # A container has 64 MB there by default: a parallel hash join would fail half way.
        options["dynamic_shared_memory_type"] = "mmap"
    return options


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may use: the machine's, or less if a control group says so."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_group_limits(root)])


def available_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared_memory_size() -> int | None:
    """Bytes of /dev/shm; None where there is none (macOS)."""
    try:
        return shutil.disk_usage(SHARED_MEMORY).total
    except OSError:
        return None


def _group_limits(root: Path) -> list[int]:
    """Limits of control groups, version 2 (`memory.max`) and 1 (`memory.limit_in_bytes`).

    A limit of any group above ours counts too. In a container our group is the mount's root.
    """
    groups = root / "sys/fs/cgroup"
    limits = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            base, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = base / path.lstrip("/")
        for folder in [own, *own.parents]:
            text = _text(folder / name).strip()
            if text.isdecimal():
                limits.append(int(text))
            if folder == base:
                break
    return limits


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", errors="replace")
    except OSError:
        return ""


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))
