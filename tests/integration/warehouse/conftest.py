"""Folders for servers of their own, and a way to act as an ordinary user."""

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loyalty_lens.warehouse.binaries import find_builds
from loyalty_lens.warehouse.server import EmbeddedServer

MEMORY = Path("/dev/shm")  # noqa: S108
NOBODY = 65534

MakeServer = Callable[[int], EmbeddedServer]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder to be, whose path holds a space; its server is gone afterwards.

    In memory where there is room: twenty servers that sync their files to a busy disk take minutes.
    """
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 1_000_000_000
    folder = Path(tempfile.mkdtemp(prefix="loyalty lens ", dir=MEMORY if has_room else None))
    try:
        yield folder / "home"
    finally:
        EmbeddedServer(folder / "home").destroy()
        shutil.rmtree(folder)


@pytest.fixture
def make_server(home: Path) -> MakeServer:
    """A server in `home` made of the build with a given major version."""
    return lambda major: EmbeddedServer(home, binaries=find_builds()[major].folder)


def as_user(uid: int, action: Callable[[], object]) -> object:
    """Does `action` in a copy of this process that belongs to `uid`; raises what it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            answer: object = action()
        except BaseException as error:  # noqa: BLE001 - handed to the parent
            answer = error
        os.write(writing, pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pickle.load(pipe)  # noqa: S301 - from our own copy
    os.waitpid(child, 0)
    if isinstance(answer, BaseException):
        raise answer
    return answer
