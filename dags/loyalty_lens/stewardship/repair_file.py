"""A repaired CSV file, as a spreadsheet may have saved it, into a temporary table."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extras import execute_values

from loyalty_lens.datasets import Column, DataSet
from loyalty_lens.errors import StewardshipError
from loyalty_lens.landing.content import ContentError
from loyalty_lens.landing.header import Layout, read_layout
from loyalty_lens.landing.records import Malformed, RecordReader
from loyalty_lens.stewardship.exporting import REFERENCE

HEAD_BYTES = 1 << 16
PAGE = 1000
# What read_layout is to look for: the reference; every other column is kept as it is called.
_REFERENCES = DataSet(
    name="rejects",
    files=(),
    delivery="events",
    key=REFERENCE,
    columns=tuple(Column(name, "integer", required=True) for name in REFERENCE),
)


@dataclass(frozen=True)
class RepairFile:
    """What is known of the file before its rows are looked at."""

    name: str
    sha256: str
    size: int
    fields: tuple[str, ...]  # names of its columns, in order


def read_repairs(cursor: Cursor, path: Path) -> RepairFile:
    """Fills the temporary table `repairs (line_number, batch, row, cells)` with the file's records.

    Raises StewardshipError naming the file, and the line where one cannot be read.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
            stream.seek(0)
            layout = read_layout(stream.read(HEAD_BYTES), _REFERENCES)
            if layout.has_carriage_returns:
                raise ContentError("its lines end with carriage returns; save it as CSV UTF-8")
            stream.seek(layout.offset)
            reader = RecordReader(
                stream, layout.separator.encode(), len(layout.fields), layout.first_line
            )
            cursor.execute(
                "create temporary table repairs (line_number bigint, batch text, row text,"
                " cells text[]) on commit drop"
            )
            execute_values(
                cursor, "insert into repairs values %s", _rows(reader, layout), page_size=PAGE
            )
    except ContentError as error:
        raise StewardshipError(f"{path}: {error}") from error
    except OSError as error:
        raise StewardshipError(f"{path}: cannot be read ({error.strerror})") from error
    cursor.execute("analyze repairs")
    return RepairFile(path.name, digest, size, layout.fields)


def _rows(reader: RecordReader, layout: Layout) -> Iterator[tuple[Any, ...]]:
    batch, row = (layout.fields.index(name) for name in REFERENCE)
    for record in reader:
        if isinstance(record, Malformed):
            raise ContentError(f"line {record.line_number}: {record.reason}")
        cells = [None if cell is None else cell.decode() for cell in record]
        yield reader.record_line, cells[batch], cells[row], cells
