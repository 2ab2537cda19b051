"""A look at the bytes on their way to COPY: only what it reads as the tolerant reader does passes.

COPY takes a quote anywhere in a field as an opening one (5" pipe swallows the lines that follow),
a carriage return as a line's end and, before PostgreSQL 18, a line \\. as the end of the data.
"""

import hashlib
from itertools import zip_longest
from typing import IO

from loyalty_lens.landing.records import MAX_LINE, MAX_QUOTED


class Refused(Exception):  # noqa: N818 - a turn to the tolerant path rather than an error
    """The file needs the tolerant reader."""


class StrictStream:
    """The file object that COPY reads from: `stream` as it is, or Refused at the first doubt.

    The first `offset` bytes (the header) are passed over; `sha256` is that of all bytes read.
    """

    def __init__(self, stream: IO[bytes], separator: bytes, offset: int = 0) -> None:
        self.error: BaseException | None = None  # what ended the stream early; COPY hides it
        self._stream = stream
        self._digest = hashlib.sha256(stream.read(offset))
        self._starts = separator + b"\r\n"  # what may follow a closing quote
        self._ends = separator + b"\n"  # what may precede an opening one
        self._carry = b""  # a line that is not yet complete
        self._quoted = 0  # bytes of the quoted value that is still open

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int) -> bytes:
        """The next block, looked at."""
        try:
            block = self._stream.read(size)
            self._digest.update(block)
            self._look_at(block)
        except BaseException as error:
            self.error = error
            raise
        return block

    def _look_at(self, block: bytes) -> None:
        data = self._carry + block if self._carry else block
        done = data.rfind(b"\n") + 1 if block else len(data)
        lines, self._carry = data[:done], data[done:]
        if len(data) >= MAX_LINE and max(map(len, data.split(b"\n"))) >= MAX_LINE:
            raise Refused
        if b"\r" in lines and lines.count(b"\r") != lines.count(b"\r\n"):
            raise Refused
        if b"\\." in lines and (lines.startswith(b"\\.") or b"\n\\." in lines):
            raise Refused
        if self._quoted or b'"' in lines:
            self._look_at_quotes(lines)
        if not block and self._quoted:
            raise Refused

    def _look_at_quotes(self, lines: bytes) -> None:
        """Splits at quotes: every other part is outside of them, empty between two doubled ones."""
        parts = (b'"' + lines if self._quoted else lines).split(b'"')
        first, last = parts[0], parts[-1]
        is_open = len(parts) % 2 == 0
        if first and first[-1] not in self._ends:
            raise Refused
        if not is_open and last and last[0] not in self._starts:
            raise Refused
        for outside in set(parts[2:-1:2]):
            if outside and (outside[0] not in self._starts or outside[-1] not in self._ends):
                raise Refused
        if is_open or b"\n" in b"".join(parts[1::2]):
            self._refuse_long_values(parts)
        if not is_open:
            self._quoted = 0

    def _refuse_long_values(self, parts: list[bytes]) -> None:
        """A value of several lines may be longer than the tolerant reader takes; it decides."""
        for inside, outside in zip_longest(parts[1::2], parts[2::2]):
            self._quoted += len(inside) + 1
            if self._quoted > MAX_QUOTED:
                raise Refused
            if outside:
                self._quoted = 0
