"""CSV files written column-wise: quick, quoted only where needed, complete or absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from seeds_generator.arrays import TextArray
from seeds_generator.result import WrittenFile

NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$')
MAY_NEED_QUOTES = re.compile(r'[",\r]|^[^\S\n]|[^\S\n]$', re.MULTILINE)


class CsvFile:
    """A CSV file that grows by blocks of columns and appears under its name when closed.

    ``free_text`` says that fields may need quotes; the sales files never do and skip the look.
    """

    def __init__(self, path: Path, data_set: str, *, free_text: bool = False) -> None:
        self.path = path
        self.data_set = data_set
        self.rows = 0
        self._free_text = free_text
        self._partial = path.with_name(f".{path.name}.partial")
        self._columns: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self._partial.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        if error is None:
            self._partial.replace(self.path)
        else:
            self._partial.unlink()

    def write(self, columns: Mapping[str, TextArray]) -> None:
        """Add rows; every block has the same columns, all of one length."""
        names = tuple(columns)
        if not self._columns:
            self._columns = names
            self._stream.write(",".join(names) + "\n")
        elif names != self._columns:
            raise ValueError(f"{self.path.name}: columns {names} after {self._columns}")
        lists = [column.tolist() for column in columns.values()]
        if self._free_text:
            lists = [quoted_column(column) for column in lists]
        count = len(lists[0])
        if count:
            self._stream.write("\n".join(map(",".join, zip(*lists, strict=True))) + "\n")
            self.rows += count

    def written(self) -> WrittenFile:
        """What this file turned out to be."""
        return WrittenFile(self.path, self.data_set, self.rows)


def quoted_column(fields: list[str]) -> list[str]:
    """The fields as CSV wants them; a look at all of them at once spares most columns the work."""
    together = "\n".join(fields)
    if together.count("\n") == len(fields) - 1 and not MAY_NEED_QUOTES.search(together):
        return fields
    return [quoted(field) for field in fields]


def quoted(field: str) -> str:
    """The field as CSV wants it."""
    if NEEDS_QUOTES.search(field):
        return '"' + field.replace('"', '""') + '"'
    return field


def write_csv(path: Path, data_set: str, columns: Mapping[str, TextArray]) -> WrittenFile:
    """Write one file of free text in one go."""
    with CsvFile(path, data_set, free_text=True) as file:
        file.write(columns)
    return file.written()
