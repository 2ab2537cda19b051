"""What landing makes of a file by its name and its header row."""

from dataclasses import dataclass

from loyalty_lens.datasets import DataSet
from loyalty_lens.landing.content import HEAD_BYTES, ContentError, opened
from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.landing.header import read_layout
from loyalty_lens.splits import Split

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@dataclass(frozen=True)
class Recognised:
    """A file that is one of a data set, and how its columns are read."""

    path: str
    data_set: str
    file_date: str | None
    separator: str  # in words
    columns: tuple[str, ...]  # by their contract names, in the file's order
    aliases: tuple[tuple[str, str], ...]  # (name in the file, contract name) where they differ
    extra: tuple[str, ...]  # kept in _extra
    missing: tuple[str, ...]  # columns of the contract that the file does not have
    date_order: str | None  # None: no column with dates
    decimal_mark: str | None  # None: no column with numbers
    feeds: tuple[str, ...]  # of a flat file: the data sets that are made from it


def recognise(file: LandedFile) -> Recognised | None:
    """Reads the beginning of the file; None where landing refuses it (and says why)."""
    try:
        with opened(file.location, is_compressed=file.is_compressed) as stream:
            layout = read_layout(stream.read(HEAD_BYTES), file.data_set)
    except ContentError:
        return None
    data_set = file.data_set
    columns = layout.columns
    read = {column.type for column in data_set.columns if column.name in columns}
    return Recognised(
        path=file.path,
        data_set=data_set.name,
        file_date=str(file.file_date) if file.file_date else None,
        separator=SEPARATORS[layout.separator],
        columns=columns,
        aliases=tuple(
            (name, field)
            for name, field in zip(layout.names, layout.fields, strict=True)
            if name != field
        ),
        extra=layout.extra,
        missing=tuple(name for name in data_set.column_names if name not in columns),
        date_order=data_set.date_order if read & {"date", "timestamp"} else None,
        decimal_mark=data_set.decimal_mark if read & {"number", "integer"} else None,
        feeds=_fed(data_set, columns),
    )


def _fed(data_set: DataSet, columns: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(data_set, Split):
        return ()
    return tuple(feed.data_set for feed in data_set.feeds if set(feed.needs) <= set(columns))
