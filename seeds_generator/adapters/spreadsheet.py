"""The cells of an .xlsx workbook as text, row by row.

Read from the zip's stream by the standard library, because what there is does not fit a million
rows: openpyxl's read-only mode streams but takes a minute for them, calamine is quick but holds a
sheet in memory (344 MB for half a million rows). Reads what tables need: shared and inline texts,
numbers, dates of cells whose style is a date; no formulas but their last results.
"""

from __future__ import annotations

import datetime as dt
import functools
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

from seeds_generator.adapters.errors import AdapterError

CHUNK = 1 << 18
ROW, VALUE, OTHER = object(), object(), object()  # what begins
RELATION = re.compile(r"\}id$")
BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
NOT_DATES = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')  # literal texts, colours, escaped signs
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    ValueError,
    ElementTree.ParseError,
    expat.ExpatError,
)


def read_spreadsheet(path: Path) -> Iterator[Iterator[Sequence[str]]]:
    """The sheets of a workbook in its order, each as its rows; an empty cell is ''.

    Raises AdapterError where it is no workbook, OSError where it cannot be opened.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            book = _Book(archive)
            for sheet in book.sheets:
                with archive.open(sheet) as stream:
                    yield _told(path, _rows(stream, book))
    except DAMAGED as error:
        raise _damaged(path, error) from None


def _told(path: Path, rows: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The same; damage met on the way is told as such."""
    try:
        yield from rows
    except DAMAGED as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> AdapterError:
    return AdapterError(f"{path}: cannot be read as a workbook ({error}); fetch the file again")


class _Book:
    """What all sheets share: their order, texts, which styles are dates, day 0 of the dates."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        names = set(archive.namelist())
        targets = {
            relation.get("Id", ""): posixpath.normpath(
                posixpath.join("/xl", relation.get("Target", ""))
            ).lstrip("/")
            for relation in _tree(archive, "xl/_rels/workbook.xml.rels")
        }
        workbook = _tree(archive, "xl/workbook.xml")
        self.sheets = [
            targets[next(value for key, value in sheet.items() if RELATION.search(key))]
            for sheet in workbook.iterfind("{*}sheets/{*}sheet")
        ]
        properties = workbook.find("{*}workbookPr")
        since_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.day_0 = dt.datetime(1904, 1, 1) if since_1904 else dt.datetime(1899, 12, 30)
        self.texts = list(_shared_texts(archive)) if "xl/sharedStrings.xml" in names else []
        self.dates = _date_styles(archive) if "xl/styles.xml" in names else set()


def _tree(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))  # noqa: S314  (expat here limits entities)


def _shared_texts(archive: zipfile.ZipFile) -> Iterator[str]:
    with archive.open("xl/sharedStrings.xml") as stream:
        for _, item in ElementTree.iterparse(stream):  # noqa: S314
            if item.tag.endswith("}si"):
                runs = [*item.iterfind("{*}t"), *item.iterfind("{*}r/{*}t")]
                yield "".join(run.text or "" for run in runs)
                item.clear()


def _date_styles(archive: zipfile.ZipFile) -> set[str]:
    styles = _tree(archive, "xl/styles.xml")
    own = {
        form.get("numFmtId", ""): NOT_DATES.sub("", form.get("formatCode", ""))
        for form in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    dates = {number for number, form in own.items() if re.search("[dmyhs]", form.lower())}
    dates |= {str(number) for number in BUILT_IN_DATES} - set(own)
    used = styles.iterfind("{*}cellXfs/{*}xf")
    return {str(place) for place, style in enumerate(used) if style.get("numFmtId") in dates}


def _rows(stream: IO[bytes], book: _Book) -> Iterator[Sequence[str]]:
    """Rows as they come out of the parser, which is fed piece by piece."""
    sheet = _Sheet(book)
    while piece := stream.read(CHUNK):
        sheet.parser.Parse(piece, False)
        yield from sheet.rows()
    sheet.parser.Parse(b"", True)
    yield from sheet.rows(at_end=True)


class _Sheet:
    """Notes what expat meets, and makes rows of it afterwards: calls back and forth cost most.

    A note is the attributes of a cell, a text, or the name of what begins.
    """

    def __init__(self, book: _Book) -> None:
        self.book = book
        self.notes: list[Any] = []
        self.places: dict[str, int] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.root
        self.parser.CharacterDataHandler = self.notes.append

    def root(self, name: str, _attributes: dict[str, str]) -> None:
        """Most write no prefix before the names; whatever the first element has is everyone's."""
        prefix = name.removesuffix("worksheet")
        cell, row, note = f"{prefix}c", f"{prefix}row", self.notes.append
        names = {f"{prefix}v": VALUE, f"{prefix}t": VALUE}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == cell:
                note(attributes)
            elif name == row:
                note(ROW)
            else:
                note(names.get(name, OTHER))

        self.parser.StartElementHandler = start

    def rows(self, *, at_end: bool = False) -> Iterator[Sequence[str]]:
        """The rows that are complete: all before the last that began, at the end that one, too."""
        notes, put = self.notes, self.put
        if at_end:
            notes.append(ROW)
        cells: list[str] | None = None
        cell: dict[str, str] = {}
        text = ""
        is_value = False
        done = 0
        for place, note in enumerate(notes):
            if note is VALUE:
                is_value = True
            elif type(note) is str:
                if is_value:
                    text += note
            elif note is OTHER:
                is_value = False
            else:
                if text and cells is not None:
                    put(cells, cell, text)
                    text = ""
                is_value = False
                if note is ROW:
                    if cells is not None:
                        yield cells
                    cells, done = [], place
                else:
                    cell = note
        del notes[:done]

    def put(self, cells: list[str], cell: dict[str, str], text: str) -> None:
        """The cell's text at its column; columns without a cell are ''."""
        place = self.place(cell["r"]) if "r" in cell else len(cells)
        while len(cells) < place:
            cells.append("")
        kind = cell.get("t", "n")
        if kind == "s":
            text = self.book.texts[int(text)]
        elif kind == "n":
            if cell.get("s") in self.book.dates:
                text = _date(self.book.day_0, text)
            elif "." in text or "E" in text:
                text = _number(text)
        cells.append(text)

    def place(self, name: str) -> int:
        """Of a cell, from its name: AB12 is in column 27, counted from 0."""
        letters = name.rstrip("0123456789")
        place = self.places.get(letters)
        if place is None:
            place = 0
            for letter in letters:
                place = place * 26 + ord(letter) - 64
            place -= 1
            self.places[letters] = place
        return place


@functools.lru_cache(maxsize=1024)
def _date(day_0: dt.datetime, text: str) -> str:
    """Days since day 0, to the second."""
    return str(day_0 + dt.timedelta(seconds=round(float(text) * 86400)))


@functools.lru_cache(maxsize=1024)
def _number(text: str) -> str:
    """Excel writes 0.55 as 0.55000000000000004."""
    value = float(text)
    return str(int(value)) if value.is_integer() else repr(value)
