"""Files that are there whole or not at all, for their owner alone."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from loyalty_lens.errors import CampaignError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it a spreadsheet takes the file for Windows-1252


class NewFile:
    """A file being written beside its place; `keep` puts it there, else it goes."""

    def __init__(self, path: Path, stream: IO[bytes], aside: Path) -> None:
        self.path = path
        self.stream = stream
        self._aside = aside

    def keep(self) -> None:
        """Puts the file in its place, over an older one, with the disk's word that it is there."""
        try:
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self._aside.replace(self.path)
        except OSError as error:
            raise _refused(self.path, error) from error

    def discard(self) -> None:
        """Takes away what was not kept."""
        self._aside.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path, mark: bytes = BYTE_ORDER_MARK) -> Iterator[NewFile]:
    """A file for `path` (mode 0600), its folders made; nothing is left where it is not kept.

    `mark` is what it begins with.

    Raises CampaignError where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_dir():
            raise IsADirectoryError(21, "is a folder")
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    with os.fdopen(descriptor, "wb") as stream:
        file = NewFile(path, stream, Path(name))
        try:
            stream.write(mark)
            yield file
        except OSError as error:
            raise _refused(path, error) from error
        finally:
            file.discard()


def file_name(campaign_id: str) -> str:
    """The name of a list as a file's: letters, digits and `_` alone."""
    return re.sub(r"[^a-z0-9]+", "_", campaign_id.lower()).strip("_") + ".csv"


def _refused(path: Path, error: OSError) -> CampaignError:
    return CampaignError(f"{path}: cannot be written ({error.strerror or error})")
