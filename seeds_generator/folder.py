"""A folder of generated files: whose it is, what lies in it, one writer at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Hidden: never loaded as data files.
LOCK = ".loyalty_lens_feed.lock"
MANIFEST = ".loyalty_lens_files"


class FolderError(Exception):
    """The folder cannot take generated files now; one line says why and what to do."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else generates or feeds here meanwhile.

    Raises FolderError where somebody does, OSError where nothing can be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(
                f"{folder}: another lens generate, adapt or feed is at work there; wait for its end"
            ) from None
        yield


def note(folder: Path, name: str) -> None:
    """A file is about to appear below the folder: the manifest knows it, whatever happens then."""
    with (folder / MANIFEST).open("a", encoding="utf-8") as file:
        file.write(name + "\n")


def make_room(folder: Path, *, replace: bool) -> None:
    """Sees to it that a new history is the only one.

    With ``replace`` the files of the earlier one go, as the manifest names them, and nothing else.
    Raises FolderError where data files lie that would stay beside the new ones.
    """
    there = files_in_the_way(folder, replace=replace)
    for name in there:
        (folder / name).unlink()
    for below in {(folder / name).parent for name in there} - {folder}:
        if not any(below.iterdir()):
            below.rmdir()
    (folder / MANIFEST).unlink(missing_ok=True)


def files_in_the_way(folder: Path, *, replace: bool) -> set[str]:
    """The files that would go; nothing is changed. Raises FolderError as ``make_room`` does."""
    there = {path.relative_to(folder).as_posix() for path in _data_files(folder)}
    if there and not replace:
        raise FolderError(
            f"{folder}: data files lie there already, and two histories are none; "
            "name an empty folder, or --replace what lens generate or lens adapt wrote there"
        )
    ours = _noted(folder)
    if strange := sorted(there - ours):
        raise FolderError(
            f"{folder}: {strange[0]} is not of lens generate or lens adapt (files like it: "
            f"{len(strange)}) and would stay beside the new history; name an empty folder"
        )
    return there


def _data_files(folder: Path) -> list[Path]:
    """CSV files in the folder and right below it, packed ones, too; not hidden ones."""
    found = [*folder.glob("*.csv*"), *folder.glob("*/*.csv*")]
    return [path for path in found if not any(p.startswith(".") for p in path.parts[-2:])]


def _noted(folder: Path) -> set[str]:
    try:
        return set((folder / MANIFEST).read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return set()
