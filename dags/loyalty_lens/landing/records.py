"""The tolerant reader: CSV records out of any bytes, one at a time; what is no record is set aside.

A field may be quoted, with spaces around the quotes; a quote inside an unquoted field is a
character like any other. A record that cannot be read is malformed on its first physical line, and
reading resumes on the next one. Memory is bounded by the longest line and quoted value allowed.
"""

import functools
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple

MAX_LINE = 1 << 20  # bytes of one physical line
MAX_QUOTED = 1 << 16  # bytes over which one record's quotes may reach beyond its first line
Fields = list[bytes | None]  # UTF-8; None: nothing stood there; b"": an empty pair of quotes


@dataclass(frozen=True)
class Malformed:
    """A physical line that begins no readable record."""

    line_number: int
    line: bytes
    reason: str


class _Line(NamedTuple):
    number: int
    text: bytes
    is_cut: bool  # longer than MAX_LINE, the rest was dropped


class _Unreadable(Exception):  # noqa: N818 - a way out of the parser, never seen outside
    pass


@dataclass(frozen=True)
class _Patterns:
    opening: re.Pattern[bytes]
    inside: re.Pattern[bytes]
    closing: re.Pattern[bytes]
    plain: re.Pattern[bytes]


@functools.cache
def _patterns(separator: bytes) -> _Patterns:
    mark = re.escape(separator)
    return _Patterns(
        opening=re.compile(rb' *+"'),
        inside=re.compile(rb'(?:[^"]++|"")*+'),
        closing=re.compile(rb'" *+(?=' + mark + rb"|\r*+\n?\Z)"),
        plain=re.compile(rb"[^\n" + mark + rb"]*+"),
    )


class RecordReader:
    """Iterates over `stream` from where it stands: each item is a record's fields or a Malformed.

    Blank lines are passed over. Records with fewer fields than `width` are filled up with None and
    counted in `short`; `width` None takes records of any length (for reading a header).
    """

    def __init__(
        self, stream: IO[bytes], separator: bytes, width: int | None, line_number: int = 1
    ) -> None:
        self.short = 0  # records that lacked trailing fields
        self.windows_1252 = 0  # records that were not UTF-8
        self.record_line = 0  # physical line on which the record in hand began
        self._stream = stream
        self._line_number = line_number  # of the next physical line of the stream
        self._separator = separator
        self._width = width
        self._patterns = _patterns(separator)
        self._blank = b" \r\n\x1a" if separator == b"\t" else b" \t\r\n\x1a"
        self._pushed_back: deque[_Line] = deque()

    def __iter__(self) -> Iterator[Fields | Malformed]:
        while (line := self._next_line()) is not None:
            if not line.text.strip(self._blank):
                continue
            further: list[_Line] = []
            self.record_line = line.number
            try:
                yield self._record(line, further)
            except _Unreadable as reason:
                self._pushed_back.extendleft(reversed(further))
                yield Malformed(line.number, line.text.rstrip(b"\r\n"), str(reason))

    def _record(self, line: _Line, further: list[_Line]) -> Fields:
        """The fields of the record that begins with `line`; takes more lines into `further`."""
        text = line.text
        if line.is_cut:
            raise _Unreadable(f"line longer than {MAX_LINE} bytes")
        if b"\0" in text:
            raise _Unreadable("NUL byte")
        fields: Fields
        if b'"' in text:
            fields = self._quoted_fields(line, further)
        else:
            fields = [field or None for field in text.rstrip(b"\r\n").split(self._separator)]
        if self._width is not None and len(fields) != self._width:
            if len(fields) > self._width or further:
                raise _Unreadable(f"{len(fields)} fields where the header has {self._width}")
            self.short += 1
            fields.extend([None] * (self._width - len(fields)))
        if not text.isascii() or any(not more.text.isascii() for more in further):
            return self._decoded(fields)
        return fields

    def _quoted_fields(self, line: _Line, further: list[_Line]) -> Fields:
        patterns, text, position = self._patterns, line.text, 0
        fields: Fields = []
        while True:
            if opening := patterns.opening.match(text, position):
                value, text, position = self._quoted_value(text, opening.end(), further)
                fields.append(value)
            else:
                plain = patterns.plain.match(text, position)
                position = plain.end() if plain else len(text)
                at_end = text[position : position + 1] != self._separator
                part = plain[0] if plain else b""
                fields.append((part.rstrip(b"\r") if at_end else part) or None)
            if text[position : position + 1] != self._separator:
                return fields
            position += 1
            if self._width is not None and len(fields) >= self._width and further:
                raise _Unreadable(f"more fields than the {self._width} of the header")

    def _quoted_value(
        self, text: bytes, position: int, further: list[_Line]
    ) -> tuple[bytes, bytes, int]:
        """The value whose quote opened before `position`, the line it ends in, and where."""
        inside = self._patterns.inside
        end = self._end(inside, text, position)
        parts, size = [text[position:end]], 0
        while end == len(text):
            line = self._next_line()
            if line is None:
                raise _Unreadable("a quote does not close")
            further.append(line)
            if b"\0" in line.text or line.is_cut:
                raise _Unreadable(f"a quote does not close before line {line.number}")
            text = line.text
            end = self._end(inside, text, 0)
            parts.append(text[:end])
            size += end
            if size > MAX_QUOTED:
                raise _Unreadable(f"a quote does not close within {MAX_QUOTED} bytes")
        closing = self._patterns.closing.match(text, end)
        if closing is None:
            raise _Unreadable("text behind a closing quote")
        return b"".join(parts).replace(b'""', b'"'), text, closing.end()

    @staticmethod
    def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
        match = pattern.match(text, position)
        return match.end() if match else position

    def _decoded(self, fields: Fields) -> Fields:
        """The fields in UTF-8; a record with any other byte is read as Windows-1252 as a whole."""
        try:
            for field in fields:
                if field:
                    field.decode("utf-8")
            return fields
        except UnicodeDecodeError:
            pass
        try:
            decoded = [None if field is None else field.decode("cp1252") for field in fields]
        except UnicodeDecodeError:
            raise _Unreadable("bytes that are neither UTF-8 nor Windows-1252") from None
        self.windows_1252 += 1
        return [None if field is None else field.encode() for field in decoded]

    def _next_line(self) -> _Line | None:
        if self._pushed_back:
            return self._pushed_back.popleft()
        text = self._stream.readline(MAX_LINE)
        if not text:
            return None
        is_cut = len(text) == MAX_LINE and not text.endswith(b"\n")
        rest = text
        while is_cut and rest and not rest.endswith(b"\n"):
            rest = self._stream.readline(MAX_LINE)
        self._line_number += 1
        return _Line(self._line_number - 1, text, is_cut)


class CarriageReturns(io.RawIOBase):
    """A stream whose lines end with a lone carriage return, read as if with a newline."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block.replace(b"\r", b"\n")
        return len(block)
