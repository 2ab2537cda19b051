"""The bytes of a file: opened as a stream whatever its compression, hashed, and looked at."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from loyalty_lens.errors import LandingError
from loyalty_lens.landing.storage import Location, Mark

HEAD_BYTES = 1 << 20
BLOCK_BYTES = 1 << 18
# A CSV file packs to a tenth or a fiftieth. What unpacks to far more was made to fill the disk.
UNPACKED_FREELY = 256 << 20
LARGEST_RATIO = 300
UNREADABLE = (OSError, EOFError, zlib.error)


class ContentError(LandingError):
    """A file cannot be loaded as a whole; the message says why, without the file's name."""


class Changing(LandingError):  # noqa: N818 - it says what the file does
    """A file became another one while it was read: it waits for the next run."""


@dataclass(frozen=True)
class Content:
    """What is known of a file's uncompressed bytes before they are loaded."""

    sha256: str | None  # None: not yet read to the end
    size: int
    head: bytes | None  # the first HEAD_BYTES; None: not read
    mark: Mark | None  # of the file as delivered: tells whether it changed since


@contextmanager
def opened(location: Location, *, is_compressed: bool) -> Iterator[IO[bytes]]:
    """The uncompressed bytes as a stream; raises ContentError where they cannot be read."""
    try:
        with location.open() as plain:
            if is_compressed:
                with _Unpacked(plain) as unpacked:
                    yield io.BufferedReader(unpacked, BLOCK_BYTES)
            else:
                yield plain
    except UNREADABLE as error:
        raise ContentError(explained(error)) from error


class _Unpacked(gzip.GzipFile):
    """A gzip file; ContentError where it unpacks to very much more than it is."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed
        self._unpacked_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._unpacked_bytes += len(data)
        if self._unpacked_bytes > UNPACKED_FREELY:
            packed = max(self._packed.tell(), 1)
            if self._unpacked_bytes > LARGEST_RATIO * packed:
                raise ContentError(
                    f"unpacks to more than {LARGEST_RATIO} times its size, which no CSV file does;"
                    " have it delivered anew, or unpacked"
                )
        return data


def explained(error: BaseException) -> str:
    """Why a file could not be read, in a user's words."""
    if isinstance(error, gzip.BadGzipFile):
        return "not a gzip file, or a damaged one; compress it again"
    if isinstance(error, (EOFError, zlib.error)):
        return "the gzip file is incomplete or damaged; copy it again"
    reason = error.strerror if isinstance(error, OSError) else None
    return f"cannot be read: {reason or error}"


def inspect(location: Location, *, is_compressed: bool) -> Content:
    """Reads the file once. Raises ContentError where that fails."""
    with opened(location, is_compressed=is_compressed) as stream:
        mark = location.mark()
        head = stream.read(HEAD_BYTES)
        digest = hashlib.sha256(head)
        size = len(head)
        buffer = bytearray(BLOCK_BYTES)
        view = memoryview(buffer)
        while count := stream.readinto(buffer):  # type: ignore[attr-defined]
            digest.update(view[:count])
            size += count
    return Content(digest.hexdigest(), size, head, mark)


def peek(location: Location) -> Content:
    """The beginning and the size of an uncompressed file. Raises ContentError."""
    with opened(location, is_compressed=False) as stream:
        mark = location.mark()
        return Content(None, mark.size, stream.read(HEAD_BYTES), mark)
