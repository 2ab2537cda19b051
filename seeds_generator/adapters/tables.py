"""A table in a file, whatever its format, as rows of text: streamed, never held in memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from seeds_generator.adapters.errors import AdapterError
from seeds_generator.adapters.spreadsheet import read_spreadsheet

Row = tuple[str, ...]
SEPARATORS = (",", ";", "\t")
BATCH_ROWS = 20_000  # of a Parquet file at a time
DAMAGED = (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error, csv.Error)


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Iterator[Row]]:
    """The parts of a file (the sheets of a workbook, else one), each as its rows.

    A row has the texts of ``columns``, in their order and without spaces around them; nothing is
    ''. Names are compared by their letters and digits alone ("Customer ID" is CustomerID); a
    column may have several, separated by ``|``. Numbers and dates of typed formats become text
    such as 17850, 2.55 and 2010-12-01 08:26:00. Raises AdapterError for a format that is not
    known, a damaged file and a missing column, OSError where the file cannot be opened.
    """
    for number, part in enumerate(_parts(path), start=1):
        yield _named(path, number, part, columns)


def _parts(path: Path) -> Iterator[Iterator[Sequence[str]]]:
    name = path.name.lower()
    if name.endswith(".xlsx"):
        yield from read_spreadsheet(path)
    elif name.endswith(".parquet"):
        yield _parquet(path)
    elif name.endswith((".csv", ".csv.xz", ".csv.gz")):
        yield _csv(path)
    else:
        raise AdapterError(f"{path}: use a file .csv, .csv.xz, .csv.gz, .xlsx or .parquet")


def _named(
    path: Path, part: int, records: Iterator[Sequence[str]], columns: Sequence[str]
) -> Iterator[Row]:
    header = [_plain(name) for name in next(records, ())]
    places = []
    for column in columns:
        place = next((header.index(n) for n in map(_plain, column.split("|")) if n in header), None)
        if place is None:
            where = f"{path}" if part == 1 else f"{path}, sheet {part}"
            raise AdapterError(
                f"{where}: there is no column {column.split('|')[0]} in its first row;"
                " name the file as it was published"
            )
        places.append(place)
    width = max(places) + 1
    for record in records:
        cells = record if len(record) >= width else [*record, *[""] * (width - len(record))]
        row = tuple([cells[place].strip() for place in places])
        if any(row):
            yield row


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())


def _csv(path: Path) -> Iterator[Sequence[str]]:
    """UTF-8; what is no UTF-8 is read as Windows-1252, which the older files are written in."""
    line = 1
    try:
        with _opened(path) as stream:
            texts = io.TextIOWrapper(stream, "utf-8-sig", errors="windows_1252", newline="")
            first = texts.readline()
            separator = max(SEPARATORS, key=first.count)
            yield next(csv.reader([first], delimiter=separator), [])
            reader = csv.reader(texts, delimiter=separator)
            for record in reader:
                line = reader.line_num + 1
                yield record
    except DAMAGED as error:
        raise AdapterError(
            f"{path}: cannot be read after line {line} ({error}); fetch the file again"
        ) from None


def _opened(path: Path) -> IO[bytes]:
    kind = path.suffix.lower()
    if kind == ".xz":
        return lzma.open(path)
    if kind == ".gz":
        return cast(IO[bytes], gzip.open(path))
    return path.open("rb")


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", errors="replace"), error.end


codecs.register_error("windows_1252", _as_windows_1252)


def _parquet(path: Path) -> Iterator[Sequence[str]]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise AdapterError(
            f"{path}: Parquet needs the package pyarrow, which is not installed here;"
            " use the .csv or .xlsx"
        ) from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            yield file.schema_arrow.names
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                columns = [map(_text, column.to_pylist()) for column in batch.columns]
                yield from zip(*columns, strict=True)
    except pyarrow.ArrowException as error:
        reason = " ".join(str(error).split())
        raise AdapterError(f"{path}: cannot be read ({reason}); fetch the file again") from None


def _text(value: Any) -> str:
    """A typed value as the published CSV has it; not-a-number, as pandas writes nothing, is ''."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
