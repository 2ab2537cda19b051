"""A small .xlsx as Excel writes it: shared texts, days since 1899-12-30, a style for dates."""

import datetime as dt
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd h:mm"/>'
    '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def write_workbook(path: Path, sheets: Sequence[Sequence[Sequence[Any]]]) -> Path:
    """One sheet for each list of rows; None is a cell that is not there."""
    texts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, rows in enumerate(sheets, start=1):
            lines = "".join(_row(place, row, texts) for place, row in enumerate(rows, start=1))
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>\n{lines}</sheetData></worksheet>',
            )
        numbers = range(1, len(sheets) + 1)
        listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        targets = "".join(
            f'<Relationship Id="rId{n}" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">{targets}</Relationships>',
        )
        archive.writestr("xl/styles.xml", STYLES)
        shared = "".join(f"<si><r><t>{escape(text)}</t></r></si>" for text in texts)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')
    return path


def _row(place: int, row: Sequence[Any], texts: dict[str, int]) -> str:
    cells = (
        _cell(f"{'ABCDEFGH'[column]}{place}", value, texts)
        for column, value in enumerate(row)
        if value is not None
    )
    return f'<row r="{place}">{"".join(cells)}</row>\n'


def _cell(name: str, value: Any, texts: dict[str, int]) -> str:
    if isinstance(value, dt.datetime):
        days = (value - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
        return f'<c r="{name}" s="1"><v>{days!r}</v></c>'
    if isinstance(value, str):
        return f'<c r="{name}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
    return f'<c r="{name}" s="0"><f>A1*2</f><v>{value!r}</v></c>'
