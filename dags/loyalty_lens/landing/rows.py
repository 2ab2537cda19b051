"""The tolerant path's side of COPY: records written as the server's own text format, streaming."""

import io
import json
import re
from collections.abc import Iterator
from typing import IO, cast

from loyalty_lens.landing.content import BLOCK_BYTES
from loyalty_lens.landing.header import Layout
from loyalty_lens.landing.records import CarriageReturns, Fields, Malformed, RecordReader

NULL = b"\\N"
SPECIAL = re.compile(rb"[\\\t\n\r]")
ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}


class TextRows:
    """The file object that COPY reads from; counts while it is read.

    Columns: batch, row number, extra columns as JSON, the contract's columns in the file's order.
    Malformed lines go to the file `malformed` in the same format, ready for their own COPY.
    """

    def __init__(
        self, stream: IO[bytes], layout: Layout, batch_id: int, malformed: IO[bytes]
    ) -> None:
        stream.read(layout.offset)
        if layout.has_carriage_returns:
            stream = cast(IO[bytes], io.BufferedReader(CarriageReturns(stream), BLOCK_BYTES))
        self.count = 0
        self.malformed = 0
        self.error: BaseException | None = None
        self._reader = RecordReader(
            stream, layout.separator.encode(), len(layout.fields), layout.first_line
        )
        self._batch = b"%d" % batch_id
        self._malformed_lines = malformed
        self._kept = [at for at, name in enumerate(layout.fields) if name not in layout.extra]
        self._extra = [(at, name) for at, name in enumerate(layout.fields) if name in layout.extra]
        self._lines = self._written()

    @property
    def short(self) -> int:
        return self._reader.short

    @property
    def windows_1252(self) -> int:
        return self._reader.windows_1252

    def read(self, size: int) -> bytes:
        """At least `size` bytes of whole rows, less only at the end."""
        try:
            parts: list[bytes] = []
            length = 0
            for line in self._lines:
                parts.append(line)
                length += len(line)
                if length >= size:
                    break
            return b"".join(parts)
        except BaseException as error:
            self.error = error
            raise

    def _written(self) -> Iterator[bytes]:
        for record in self._reader:
            self.count += 1
            if isinstance(record, Malformed):
                self.malformed += 1
                self._malformed_lines.write(self._malformed_row(record))
                continue
            kept = [record[at] for at in self._kept] if self._extra else record
            yield b"%s\t%d\t%s\t%s\n" % (
                self._batch,
                self.count,
                self._extra_json(record) if self._extra else NULL,
                b"\t".join([_escaped(field) for field in kept]),
            )

    def _extra_json(self, record: Fields) -> bytes:
        values = {
            name: value.decode() for at, name in self._extra if (value := record[at]) is not None
        }
        return _escaped(json.dumps(values, ensure_ascii=False).encode()) if values else NULL

    def _malformed_row(self, record: Malformed) -> bytes:
        line = _readable(record.line).encode()
        reason = record.reason.encode()
        return b"%s\t%d\t%s\t%s\n" % (
            self._batch,
            record.line_number,
            _escaped(line),
            _escaped(reason),
        )


def _escaped(field: bytes | None) -> bytes:
    if field is None:
        return NULL
    if SPECIAL.search(field):
        return SPECIAL.sub(lambda match: ESCAPES[match[0]], field)
    return field


def _readable(line: bytes) -> str:
    """A line that is no record as text the server can keep: odd bytes written as \\x.."""
    for encoding in ("utf-8", "cp1252"):
        try:
            text = line.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = line.decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00")
