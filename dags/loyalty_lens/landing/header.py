"""What a file's first bytes say: its separator, its columns, and where its rows begin."""

import io
import re
from collections import Counter
from dataclasses import dataclass

from loyalty_lens.datasets import DataSet, normalised
from loyalty_lens.landing.content import ContentError
from loyalty_lens.landing.records import Fields, Malformed, RecordReader

SEPARATORS = (",", ";", "\t", "|")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
COMMENT = re.compile(rb'"?# ')  # above the header only; a spreadsheet may have quoted it
SAMPLE = 4096
KINDS = (
    (b"PK\x03\x04", "is a zip archive or an Excel workbook; export as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook; export as CSV"),
    (b"\x1f\x8b", "is a gzip file; give it a name that ends with .csv.gz"),
    (b"\xff\xfe", "is UTF-16 (Unicode text); save it as CSV UTF-8"),
    (b"\xfe\xff", "is UTF-16 (Unicode text); save it as CSV UTF-8"),
)


@dataclass(frozen=True)
class Layout:
    """How a file's rows are written; `columns` and `extra` together name its fields in order."""

    separator: str
    fields: tuple[str, ...]  # contract names where known, normalised names otherwise
    extra: tuple[str, ...]  # those of `fields` that the contract does not know
    offset: int  # bytes before the first line of rows
    first_line: int  # number of that physical line
    has_carriage_returns: bool  # lines end with a lone carriage return
    names: tuple[str, ...] = ()  # the fields as the file calls them, normalised

    @property
    def columns(self) -> tuple[str, ...]:
        """The contract's columns that the file has, in the file's order."""
        return tuple(field for field in self.fields if field not in self.extra)


def read_layout(head: bytes, data_set: DataSet) -> Layout:
    """The layout of a file that begins with `head`.

    Above the header row, blank lines and comments (as templates have them) are passed over.
    Raises ContentError: empty, binary, no header row, a required column missing or one named twice.
    """
    _refuse_other_kinds(head)
    start = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    has_carriage_returns = b"\n" not in head and b"\r" in head
    text = head.replace(b"\r", b"\n") if has_carriage_returns else head
    passed_over = 0
    while (end := text.find(b"\n", start) + 1) and _is_no_header(text[start:end]):
        start = end
        passed_over += 1
    first_line = text[start : end or len(text)]
    if not first_line.strip(b" \t\r\n\x1a"):
        raise ContentError("the file is empty; deliver it with a header row")
    if CONTROL.search(first_line):
        raise ContentError(
            f"line {passed_over + 1} has control characters: not a text file; export as CSV"
        )
    separator, names, length = _best_header(text[start:], data_set)
    known = known_names(data_set)
    names = [name or f"column_{number}" for number, name in enumerate(names, 1)]
    fields = tuple(known.get(name, name) for name in names)
    extra = tuple(field for field in fields if field not in data_set.column_names)
    _check(fields, first_line, passed_over + 1, data_set)
    return Layout(
        separator=separator,
        fields=fields,
        extra=extra,
        offset=start + length,
        first_line=passed_over + 1 + text.count(b"\n", start, start + length),
        has_carriage_returns=has_carriage_returns,
        names=tuple(names),
    )


def _is_no_header(line: bytes) -> bool:
    return not line.strip(b" \t\r\n;,|") or COMMENT.match(line) is not None


def _refuse_other_kinds(head: bytes) -> None:
    for beginning, reason in KINDS:
        if head.startswith(beginning):
            raise ContentError(f"the file {reason}")
    sample = head[:SAMPLE]
    if len(CONTROL.findall(sample)) * 10 > len(sample):
        raise ContentError("not a text file (NUL bytes or control characters); export as CSV")


def known_names(data_set: DataSet) -> dict[str, str]:
    """Each name that a header may use, and the contract's name for it; own names win."""
    aliases = {alias: column.name for column in data_set.columns for alias in column.aliases}
    return aliases | {normalised(name): name for name in data_set.column_names}


def _best_header(text: bytes, data_set: DataSet) -> tuple[str, list[str], int]:
    """The separator that finds most known columns (then most columns), the names, the length."""
    known = known_names(data_set)
    candidates = []
    for separator in SEPARATORS:
        stream = io.BytesIO(text)
        header = next(iter(RecordReader(stream, separator.encode(), None)), None)
        if header is None or isinstance(header, Malformed):
            continue
        names = _names(header)
        score = (sum(name in known for name in names), len(names))
        candidates.append((score, separator, names, stream.tell()))
    if not candidates:
        raise ContentError("line 1: the header row has a quote that does not close; correct it")
    _, separator, names, length = max(candidates, key=lambda candidate: candidate[0])
    return separator, names, length


def _names(header: Fields) -> list[str]:
    return [normalised((field or b"").decode()) for field in header]


def _check(fields: tuple[str, ...], line: bytes, number: int, data_set: DataSet) -> None:
    if not set(fields) & set(data_set.column_names):
        shown = line.decode("utf-8", "replace").strip()[:60]
        raise ContentError(
            f"no header row: line {number} reads {shown!r};"
            f" the first row names the columns ({', '.join(data_set.required)}, ...)"
        )
    twice = [name for name, count in Counter(fields).items() if count > 1]
    if twice:
        raise ContentError(
            f"line {number}: column {', '.join(twice)} appears more than once; keep one of them"
        )
    missing = [name for name in data_set.required if name not in fields]
    if missing:
        if len(missing) == 1:
            said = ("column is", "add it", "column as an alias")
        else:
            said = ("columns are", "add them", "columns as aliases")
        raise ContentError(
            f"line {number}: required {said[0]} missing: {', '.join(missing)};"
            f" {said[1]} to the file, or name the file's own {said[2]} in datasets.yml"
        )
