"""A look at the bytes on their way to COPY: only what it reads as the tolerant reader does passes.

COPY takes a quote anywhere in a field as an opening one (5" pipe swallows the lines that follow),
a carriage return as a line's end and, before PostgreSQL 18, a line \\. as the end of the data.
"""

import re
from collections.abc import Callable
from typing import IO

MAX_CARRY = 1 << 20


class Refused(Exception):  # noqa: N818 - a turn to the tolerant path rather than an error
    """The file needs the tolerant reader."""


class StrictStream:
    """The file object that COPY reads from: `stream` as it is, or Refused at the first doubt."""

    def __init__(self, stream: IO[bytes], separator: bytes) -> None:
        self.error: BaseException | None = None  # what ended the stream early; COPY hides it
        self._stream = stream
        self._carry = b""
        mark = re.escape(separator)
        self._well_quoted: Callable[[bytes], re.Match[bytes] | None] = re.compile(
            rb'(?:[^"]++|(?<![^\n' + mark + rb'])"(?:[^"]++|"")*+"(?=[\r\n' + mark + rb"]))*+"
        ).match
        self._open_quote: Callable[[bytes, int], re.Match[bytes] | None] = re.compile(
            rb"(?<![^\n" + mark + rb'])"(?:[^"]++|"")*+\Z'
        ).match

    def read(self, size: int) -> bytes:
        """The next block, looked at."""
        try:
            block = self._stream.read(size)
            self._look_at(block)
        except BaseException as error:
            self.error = error
            raise
        return block

    def _look_at(self, block: bytes) -> None:
        data = self._carry + block if self._carry else block
        if block:
            lines = data[: data.rfind(b"\n") + 1]
        else:
            lines = data if data.endswith(b"\n") or not data else data + b"\n"
        if b"\r" in lines and lines.count(b"\r") != lines.count(b"\r\n"):
            raise Refused
        if b"\\." in lines and (lines.startswith(b"\\.") or b"\n\\." in lines):
            raise Refused
        done = len(lines)
        if b'"' in lines:
            match = self._well_quoted(lines)
            end = match.end() if match else 0
            if end < len(lines):
                if not block or not self._open_quote(lines, end):
                    raise Refused
                done = lines.rfind(b"\n", 0, end) + 1
        self._carry = data[done:]
        if len(self._carry) > MAX_CARRY:
            raise Refused
