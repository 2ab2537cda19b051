"""The record of a delivered file behind a figure."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """A record of a file: `row` is its place among the file's records, the header not counted."""

    file: str  # path below the landing folder, as delivered
    batch_id: int
    row: int

    def __str__(self) -> str:
        return f"{self.file} row {self.row} (batch {self.batch_id})"


def source_of(row: dict[str, Any], prefix: str = "") -> Source | None:
    """From the columns source_file, _batch_id and _row_number of a query, taken out of `row`."""
    file, batch_id, number = (
        row.pop(prefix + name) for name in ("source_file", "_batch_id", "_row_number")
    )
    return Source(file, batch_id, number) if file is not None else None
