"""Settings of the embedded server follow the machine or the container."""

from pathlib import Path

import pytest

from loyalty_lens.warehouse.memory import MB, available_memory, server_options


@pytest.mark.parametrize(
    ("megabytes", "shared_buffers"), [(256, 128), (1024, 128), (8192, 1024), (65536, 2048)]
)
def test_shared_buffers_are_an_eighth_within_bounds(megabytes, shared_buffers) -> None:
    assert server_options(megabytes * MB, 2)["shared_buffers"] == f"{shared_buffers}MB"


@pytest.mark.parametrize(
    ("cores", "workers", "per_query"), [(1, 1, 0), (2, 2, 2), (8, 8, 4), (64, 8, 4)]
)
def test_parallel_workers_follow_the_cores(cores, workers, per_query) -> None:
    options = server_options(8192 * MB, cores)
    assert options["max_parallel_workers"] == str(workers)
    assert options["max_parallel_workers_per_gather"] == str(per_query)


def test_durability_is_never_given_up() -> None:
    options = server_options(8192 * MB, 2)
    assert not {"fsync", "full_page_writes", "synchronous_commit"} & set(options)
    assert (options["wal_level"], options["max_wal_senders"]) == ("minimal", "0")


@pytest.mark.parametrize(("size", "kind"), [(64 * MB, "mmap"), (1024 * MB, None), (None, None)])
def test_small_dev_shm_of_a_container_is_not_used(size, kind) -> None:
    assert server_options(8192 * MB, 2, size).get("dynamic_shared_memory_type") == kind


def system(root: Path, group: str, limits: dict[str, str]) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(group)
    for path, text in limits.items():
        file = root / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("group", "limits"),
    [
        ("0::/\n", {"memory.max": "104857600\n"}),
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "104857600\n"}),
        ("0::/docker/on/host\n", {"memory.max": "104857600\n"}),
        ("5:cpu:/\n4:memory:/job\n", {"memory/job/memory.limit_in_bytes": "104857600\n"}),
        ("4:memory:/docker/x\n0::/\n", {"memory/memory.limit_in_bytes": "104857600\n"}),
    ],
)
def test_limit_of_a_control_group_counts(tmp_path, group, limits) -> None:
    assert available_memory(system(tmp_path, group, limits)) == 100 * MB


def test_without_limit_the_machine_counts(tmp_path) -> None:
    unlimited = system(tmp_path, "0::/\n", {"memory.max": "max\n"})
    assert available_memory(unlimited) == available_memory(tmp_path / "none") > 100 * MB
