"""Where files lie: in a folder of this machine, or behind a URL (remote.py); the rest asks here."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from loyalty_lens.errors import LandingError

REMEDY = "let this user read it, or take it away"
OUTSIDE = "a link out of the landing folder is not followed; deliver the file itself"
HIDDEN = (".", "~")
TEMPORARY = (".tmp", ".part", "~")


class Mark(NamedTuple):
    """What tells whether a file changed."""

    identity: str  # inode; ETag
    size: int  # bytes as delivered
    modified_ns: int  # since 1970; 0 where the place does not tell
    changed_ns: int = 0  # the same of anything about the file: no program can set it; 0 behind URLs


class Location(Protocol):
    """One file. Its methods raise OSError."""

    def open(self) -> IO[bytes]:
        """The bytes as delivered, as a stream."""

    def mark(self) -> Mark:
        """As it is now, whatever the listing said."""


@dataclass(frozen=True)
class Entry:
    """A file of a listing; `path` is below the landing folder, with slashes, on one line."""

    path: str
    location: Location
    mark: Mark | None  # None: it cannot be looked at
    is_regular: bool = True


@dataclass(frozen=True)
class Unreadable:
    """A folder that could not be listed."""

    path: str
    reason: str


class Place(Protocol):
    """Where deliveries arrive; `str(place)` is how messages name it."""

    def walk(self) -> Iterator[Entry | Unreadable]:
        """All files below, without hidden and temporary ones. Raises LandingError."""


def place_of(landing: Path | str | Place, options: Mapping[str, Any] | None = None) -> Place:
    """The place that a folder or a URL names; `options` are fsspec's storage options.

    Raises LandingError where no file system is known for the URL.
    """
    if isinstance(landing, Path):
        return Folder(landing)
    if not isinstance(landing, str):
        return landing
    if (folder := local_folder(landing)) is not None:
        return Folder(folder)
    from loyalty_lens.landing.remote import RemoteFolder  # fsspec and s3fs take a second

    return RemoteFolder(landing, options or {})


def local_folder(landing: str) -> Path | None:
    """The folder of this machine that is meant, or None for a URL of elsewhere."""
    if "://" not in landing:
        return Path(landing).expanduser().absolute()
    parts = urlsplit(landing)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def is_passed_over(path: str) -> bool:
    """Hidden or temporary, by its own name or by that of a folder above it."""
    *folders, name = path.split("/")
    return (
        any(folder.startswith(HIDDEN) for folder in folders)
        or name.startswith(HIDDEN)
        or name.lower().endswith(TEMPORARY)
    )


def printable(text: str) -> str:
    """`text` on one line and in valid UTF-8, whatever bytes a file system keeps in a name."""
    if text.isascii() and text.isprintable():
        return text
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True)
class LocalFile:
    """A file of this machine."""

    path: Path

    def open(self) -> IO[bytes]:
        return self.path.open("rb")

    def mark(self) -> Mark:
        return _mark(os.stat(self.path))  # noqa: PTH116 - one call for three figures


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def walk(self) -> Iterator[Entry | Unreadable]:
        """Linked folders, too, once each."""
        if not self.path.exists():
            raise LandingError(
                f"landing folder {self} does not exist; create it or name another (LENS_LANDING)"
            )
        if not self.path.is_dir():
            raise LandingError(f"landing folder {self} is a file; name its folder (LENS_LANDING)")
        seen: set[tuple[int, int]] = set()
        failures: list[Unreadable] = []

        def note(error: OSError) -> None:
            folder = Path(error.filename)
            reason = error.strerror or type(error).__name__
            if folder == self.path:
                raise LandingError(f"landing folder {self} cannot be read: {reason}")
            failures.append(
                Unreadable(self._below(folder), f"folder cannot be read: {reason}; {REMEDY}")
            )

        for folder, folders, names in os.walk(self.path, onerror=note, followlinks=True):
            status = Path(folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(HIDDEN) and self._may_enter(Path(folder, name), failures)
            )
            above = "" if folder == str(self.path) else self._below(Path(folder)) + "/"
            for name in sorted(names):
                location = Path(folder, name)
                if is_passed_over(name):
                    continue
                if location.is_symlink() and not self._is_inside(location):
                    yield Unreadable(f"{above}{printable(name)}", OUTSIDE)
                else:
                    yield _entry(f"{above}{printable(name)}", location)
        yield from failures

    def _may_enter(self, folder: Path, failures: list[Unreadable]) -> bool:
        """A linked folder elsewhere is entered only where this user, or root, has linked it."""
        if not folder.is_symlink() or self._is_inside(folder):
            return True
        if folder.lstat().st_uid in (0, os.geteuid()):
            return True
        failures.append(Unreadable(self._below(folder), OUTSIDE))
        return False

    def _is_inside(self, link: Path) -> bool:
        """Whether a link to a file stays below the folder: senders may not read what we may."""
        try:
            target = link.resolve()
        except (OSError, RuntimeError):  # a loop: reading it will say what is wrong
            return True
        return target.is_relative_to(self.path.resolve())

    def _below(self, location: Path) -> str:
        return printable(location.relative_to(self.path).as_posix())


def _entry(path: str, location: Path) -> Entry:
    file = LocalFile(location)
    try:
        status = location.stat()
    except OSError:  # reading it will say what is wrong
        return Entry(path, file, None)
    return Entry(path, file, _mark(status), stat.S_ISREG(status.st_mode))


def _mark(status: os.stat_result) -> Mark:
    return Mark(str(status.st_ino), status.st_size, status.st_mtime_ns, status.st_ctime_ns)
