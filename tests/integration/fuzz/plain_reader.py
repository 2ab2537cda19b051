"""A second reader of CSV files, for comparison: one character at a time, whole files in memory.

It follows the input contract and shares no code with `loyalty_lens.landing`.
"""

import re
from dataclasses import dataclass

from loyalty_lens.datasets import DataSet

LONGEST_LINE = 1 << 20  # bytes; a longer physical line is malformed
LONGEST_SPAN = 1 << 16  # bytes of further lines over which a quoted value may reach
BLANK = b" \t\r\n\x1a"
CONTROL = bytes({*range(32), 127} - {9, 10, 12, 13})
SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")

Value = str | None


@dataclass(frozen=True)
class Record:
    """`number` counts records from 1, malformed lines among them."""

    number: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Broken:
    """A physical line that begins no record."""

    line_number: int


class _NoRecord(Exception):  # noqa: N818 - a way out of the parser
    pass


@dataclass(frozen=True)
class Reading:
    """A file: the columns in its order, and what stands below them."""

    columns: tuple[str, ...]
    records: list[Record | Broken]


def read_file(data: bytes, data_set: DataSet) -> Reading | None:
    """All of a file, or None where it has no usable header and must be refused as a whole."""
    beginning = data[:4096]
    odd = sum((byte < 32 and byte not in b"\t\n\x0c\r") or byte == 127 for byte in beginning)
    if data.startswith(SIGNATURES) or odd * 10 > len(beginning):
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    lines = _lines(data)
    at = 0
    while at < len(lines) and all(byte in b" \t\r\n;,|" for byte in lines[at]):
        if not lines[at].endswith(b"\n"):
            return None
        at += 1
    if at == len(lines) or any(byte in CONTROL for byte in lines[at]):
        return None
    known = {alias: column.name for column in data_set.columns for alias in column.aliases}
    known |= {column.name: column.name for column in data_set.columns}
    best: tuple[tuple[int, int], str, list[str], int] | None = None
    for separator in (",", ";", "\t", "|"):
        try:
            names, taken = _one_record(lines, at, ord(separator), None)
        except _NoRecord:
            continue
        columns = [_name(name, place) for place, name in enumerate(names, 1)]
        score = (sum(name in known for name in columns), len(columns))
        if best is None or score > best[0]:
            best = (score, separator, [known.get(name, name) for name in columns], taken)
    if best is None:
        return None
    _, separator, columns, taken = best
    required = {column.name for column in data_set.columns if column.required}
    if len(set(columns)) < len(columns) or not required <= set(columns):
        return None
    rest = b"".join(lines[at + taken :])
    return Reading(tuple(columns), read_records(rest, separator, len(columns), at + taken + 1))


def _name(name: str | None, place: int) -> str:
    return re.sub(r"[\s-]+", "_", (name or "").strip().lower()) or f"column_{place}"


def read_records(
    data: bytes, separator: str, width: int, first_line: int = 1
) -> list[Record | Broken]:
    """What stands in `data`, which begins behind the header on physical line `first_line`."""
    lines = _lines(data)
    found: list[Record | Broken] = []
    at = 0
    blank = BLANK.replace(b"\t", b"") if separator == "\t" else BLANK
    while at < len(lines):
        if all(byte in blank for byte in lines[at]):
            at += 1
            continue
        try:
            values, taken = _one_record(lines, at, ord(separator), width)
        except _NoRecord:
            found.append(Broken(first_line + at))
            at += 1
        else:
            found.append(Record(len(found) + 1, values))
            at += taken
    return found


def _lines(data: bytes) -> list[bytes]:
    """Physical lines with their line feeds."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _one_record(
    lines: list[bytes], at: int, separator: int, width: int | None
) -> tuple[tuple[Value, ...], int]:
    """The record that begins with line `at`, and how many lines it takes."""
    _refuse_unreadable(lines[at])
    fields: list[bytes | None] = []
    line, taken, place, span = lines[at], 1, 0, 0
    while True:
        start = place
        while line[place : place + 1] == b" ":
            place += 1
        if line[place : place + 1] == b'"':
            value = bytearray()
            place += 1
            while True:
                if place == len(line):  # the quote goes on in the next line
                    if at + taken == len(lines):
                        raise _NoRecord
                    line = lines[at + taken]
                    _refuse_unreadable(line)
                    taken, place = taken + 1, 0
                    continue
                byte = line[place]
                if taken > 1:
                    span += 1
                if byte == ord('"'):
                    if line[place + 1 : place + 2] == b'"':
                        value.append(byte)
                        place += 2
                        span += taken > 1
                        continue
                    span -= taken > 1
                    place += 1
                    break
                value.append(byte)
                place += 1
            if span > LONGEST_SPAN:
                raise _NoRecord
            span = 0
            while line[place : place + 1] == b" ":
                place += 1
            if line[place:].strip(b"\r\n") and line[place] != separator:
                raise _NoRecord
            fields.append(bytes(value))
        else:
            place = start
            while place < len(line) and line[place] not in (separator, ord("\n")):
                place += 1
            text = line[start:place]
            if line[place : place + 1] in (b"\n", b""):
                text = text.rstrip(b"\r")
            fields.append(text or None)
        if place < len(line) and line[place] == separator:
            place += 1
            continue
        break
    if width is not None:
        if len(fields) > width or (len(fields) < width and taken > 1):
            raise _NoRecord
        fields += [None] * (width - len(fields))
    return _decoded(fields), taken


def _refuse_unreadable(line: bytes) -> None:
    if b"\0" in line or len(line) > LONGEST_LINE:
        raise _NoRecord


def _decoded(fields: list[bytes | None]) -> tuple[Value, ...]:
    for encoding in ("utf-8", "windows-1252"):
        try:
            return tuple(None if field is None else field.decode(encoding) for field in fields)
        except UnicodeDecodeError:
            continue
    raise _NoRecord
