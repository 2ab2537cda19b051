"""A landing folder behind a URL, through fsspec: s3://bucket/prefix and what else is installed.

Nothing is cached: what a listing said of a file is compared with what the place says when the file
has been read.
"""

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

import fsspec  # type: ignore[import-untyped]

from loyalty_lens.errors import LandingError, first_line
from loyalty_lens.landing.storage import Entry, Mark, Unreadable, is_passed_over, printable

BLOCK_BYTES = 8 << 20  # of one request
CHANGED = ("LastModified", "mtime", "modified", "last_modified", "updated", "created")
IDENTITY = ("ETag", "etag", "md5Hash", "generation", "ino")


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a URL."""

    file_system: Any  # fsspec is not typed
    key: str

    def open(self) -> IO[bytes]:
        """A stream that keeps two blocks in memory at most."""
        with _as_os_error():
            file = self.file_system.open(
                self.key, "rb", block_size=BLOCK_BYTES, cache_type="readahead"
            )
        return io.BufferedReader(_Stream(file), 1 << 18)

    def mark(self) -> Mark:
        with _as_os_error():
            self.file_system.invalidate_cache()
            return _mark(self.file_system.info(self.key))


class RemoteFolder:
    """All files whose URL begins with that of the folder."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self.url = _without_password(url)
        fixed = {"use_listings_cache": False, "skip_instance_cache": True}
        if urlsplit(url).scheme == "memory":
            fixed = {}
        try:
            self._file_system, self._root = fsspec.core.url_to_fs(url, **{**options, **fixed})
        except (ValueError, ImportError, TypeError) as error:
            raise LandingError(
                f"landing {self.url}: {first_line(error)}; use a folder or s3://bucket/prefix"
                " (LENS_LANDING, LENS_LANDING_OPTIONS)"
            ) from error

    def __str__(self) -> str:
        return self.url

    def walk(self) -> Iterator[Entry | Unreadable]:
        """In order of their paths."""
        for key, info in sorted(self._listed().items()):
            path = printable(key.removeprefix(self._root).strip("/"))
            if path and info.get("type") != "directory" and not is_passed_over(path):
                yield Entry(path, RemoteFile(self._file_system, key), _mark(info))

    def _listed(self) -> dict[str, Mapping[str, Any]]:
        try:
            with _as_os_error():
                self._file_system.invalidate_cache()
                found: dict[str, Mapping[str, Any]] = self._file_system.find(
                    self._root, detail=True
                )
        except FileNotFoundError as error:
            raise LandingError(
                f"landing {self.url} does not exist; create the bucket or name another"
                f" (LENS_LANDING): {first_line(error)}"
            ) from error
        except PermissionError as error:
            raise LandingError(
                f"landing {self.url} may not be read: {first_line(error)}; check AWS_ACCESS_KEY_ID,"
                " AWS_SECRET_ACCESS_KEY and the bucket's policy"
            ) from error
        except OSError as error:
            raise LandingError(
                f"landing {self.url} cannot be read: {first_line(error)}; check the network,"
                " AWS_ENDPOINT_URL and LENS_LANDING_OPTIONS"
            ) from error
        return found


class _Stream(io.RawIOBase):
    """A file of fsspec whose every error is an OSError."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _as_os_error():
            return int(self._file.readinto(buffer))

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _as_os_error:  # noqa: N801 - reads as a phrase
    """Each file system has errors of its own; outside of here there is one kind."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, OSError):
            raise OSError(first_line(error, otherwise=type(error).__name__)) from error


def _mark(info: Mapping[str, Any]) -> Mark:
    changed = next((info[name] for name in CHANGED if info.get(name)), None)
    identity = next((str(info[name]) for name in IDENTITY if info.get(name)), "")
    return Mark(identity, int(info.get("size") or 0), _nanoseconds(changed))


def _nanoseconds(moment: object) -> int:
    if isinstance(moment, str):
        try:
            moment = dt.datetime.fromisoformat(moment)
        except ValueError:
            return 0
    if isinstance(moment, dt.datetime):
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    return round(moment * 1_000_000) * 1000 if isinstance(moment, (int, float)) else 0


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1) if "@" in url else url
