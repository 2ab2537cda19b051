"""The tolerant reader on small byte strings, and on random ones."""

import csv
import io
import re
from typing import IO, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_lens.landing.records import CarriageReturns, Malformed, RecordReader


def read(data: bytes, width: int | None = 3, separator: bytes = b",") -> list[object]:
    items = RecordReader(io.BytesIO(data), separator, width)
    return [
        (item.line_number, item.line, item.reason) if isinstance(item, Malformed) else item
        for item in items
    ]


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"a,b,c\n", [b"a", b"b", b"c"]),
        (b"a,b,c", [b"a", b"b", b"c"]),
        (b"a,b,c\r\n", [b"a", b"b", b"c"]),
        (b'a,"b",c\r\n', [b"a", b"b", b"c"]),
        (b'a,b,"c"\r\n', [b"a", b"b", b"c"]),
        (b'a,b,"c"', [b"a", b"b", b"c"]),
        (b'"a,b",c,d\n', [b"a,b", b"c", b"d"]),
        (b'"a ""b""",c,d\n', [b'a "b"', b"c", b"d"]),
        (b'"""",c,d\n', [b'"', b"c", b"d"]),
        (b'a, "b, c" ,d\n', [b"a", b"b, c", b"d"]),
        (b'a,5" pipe,c\n', [b"a", b'5" pipe', b"c"]),
        (b'a,"b\nb",c\n', [b"a", b"b\nb", b"c"]),
        (b'a,"b\r\n\r\nb",c\r\n', [b"a", b"b\r\n\r\nb", b"c"]),
        (b'a,"b\n""x""\n",c', [b"a", b'b\n"x"\n', b"c"]),
        (b'a,,""\n', [b"a", None, b""]),
        (b",,\n", [None, None, None]),
        (b"a\n", [b"a", None, None]),
        (b'a,"b"\n', [b"a", b"b", None]),
        (b"\xc3\xa9,b,c\n", ["é".encode(), b"b", b"c"]),
        (b"\xe9,\xc3\xa9,\x80\n", ["é".encode(), "Ã©".encode(), "€".encode()]),
        (b"a\tb,b,\\.\n", [b"a\tb", b"b", b"\\."]),
    ],
)
def test_a_record_is_read(data: bytes, fields: list[bytes | None]) -> None:
    assert read(data) == [fields]


def test_blank_lines_are_no_records() -> None:
    assert read(b"\n  \r\na,b,c\n\t\n\x1a") == [[b"a", b"b", b"c"]]
    assert read(b"\t\t\n\n", separator=b"\t") == [[None, None, None]]


def test_short_records_and_windows_1252_are_counted() -> None:
    reader = RecordReader(io.BytesIO(b"a\na,b,c\n\xe9,b\n\xc3\xa9\n"), b",", 3)
    assert len(list(reader)) == 4
    assert (reader.short, reader.windows_1252) == (3, 1)


@pytest.mark.parametrize(
    ("data", "items"),
    [
        (b"a,b,c,d\n1,2,3\n", [(1, b"a,b,c,d", "4 fields where the header has 3"), "123"]),
        (b"a,b,c,\n1,2,3\n", [(1, b"a,b,c,", "4 fields where the header has 3"), "123"]),
        (b"a,\0,c\r\n1,2,3\n", [(1, b"a,\0,c", "NUL byte"), "123"]),
        (b'a,"b,c\n1,2,3\n', [(1, b'a,"b,c', "a quote does not close"), "123"]),
        (b'1,2,3\na,b,"c', ["123", (2, b'a,b,"c', "a quote does not close")]),
        (b'a,"b"c,d\n1,2,3\n', [(1, b'a,"b"c,d', "text behind a closing quote"), "123"]),
        (
            b'a,"b\n1,2,"3"\n1,2,3\n',  # the next quote is an opening one
            [(1, b'a,"b', "text behind a closing quote"), "123", "123"],
        ),
        (
            b'a,b,"c\n1,2,3\n",d\n1,2,3\n',  # closes into too many fields
            [(1, b'a,b,"c', "more fields than the 3 of the header"), "123"],
        ),
        (
            b'a,"b\nc"\n1,2,3\n',  # closes into too few
            [(1, b'a,"b', "2 fields where the header has 3")],
        ),
        (b'a,"b\n\0",c\n1,2,3\n', [(1, b'a,"b', "a quote does not close before line 2")]),
        (
            b"a,\x81,c\n1,2,3\n",
            [(1, b"a,\x81,c", "bytes that are neither UTF-8 nor Windows-1252"), "123"],
        ),
    ],
)
def test_malformed_on_its_first_line_and_reading_resumes_on_the_next(
    data: bytes, items: list[object]
) -> None:
    got = read(data)
    expected = [[b"1", b"2", b"3"] if item == "123" else item for item in items]
    assert got[: len(expected)] == expected
    assert items[-1] != "123" or got[-1] == [b"1", b"2", b"3"]


def test_lines_and_quotes_without_end_are_given_up() -> None:
    data = b"a," + b"x" * (3 << 20) + b',c\n1,2,3\n"' + b"y\n" * (1 << 16) + b"1,2,3\n"
    items = list(RecordReader(io.BytesIO(data), b",", 3))
    assert isinstance(items[0], Malformed)
    assert "line longer than" in items[0].reason
    assert items[1] == [b"1", b"2", b"3"]
    assert isinstance(items[2], Malformed)
    assert (items[2].line_number, items[2].line) == (3, b'"y')
    assert items[2].reason == "a quote does not close within 65536 bytes"
    assert len(items) == 2 + (1 << 16) + 1


def test_lone_carriage_returns_read_as_newlines() -> None:
    stream = cast(
        IO[bytes], io.BufferedReader(cast(Any, CarriageReturns(io.BytesIO(b"a,b\rc,d\r"))))
    )
    assert list(RecordReader(stream, b",", 2)) == [[b"a", b"b"], [b"c", b"d"]]


values = st.text(st.characters(exclude_characters="\0\x1a", exclude_categories=["Cs"]), max_size=8)
tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(values, min_size=width, max_size=width), max_size=8)
)


@given(
    tables,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_a_csv_writer_writes_is_read_back(
    table: list[list[str]], separator: str, ending: str, quoting: Any
) -> None:
    # A row of nothing but spaces and unquoted separators is a matter of taste: keep a letter in it.
    table = [["k" + row[0], *row[1:]] for row in table]
    # Up to Python 3.12 the writer leaves a lone carriage return unquoted if lines end otherwise.
    if ending == "\n" and quoting == csv.QUOTE_MINIMAL:
        table = [[value.replace("\r", "") for value in row] for row in table]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting).writerows(table)
    width = len(table[0]) if table else 2
    got = read(text.getvalue().encode(), width, separator.encode())
    assert got == [
        [value.encode() or (b"" if quoting == csv.QUOTE_ALL else None) for value in row]
        for row in table
    ]


@given(st.lists(st.text('",x \r\\\xe9', max_size=12), max_size=12))
def test_no_line_is_lost_and_none_is_read_twice(lines: list[str]) -> None:
    data = b"\n".join(f"{line}t{number};".encode("latin-1") for number, line in enumerate(lines))
    seen: list[int] = []
    for item in RecordReader(io.BytesIO(data), b",", 3):
        if isinstance(item, Malformed):
            tokens = re.findall(rb"t(\d+);", item.line)
            assert tokens == [b"%d" % (item.line_number - 1)]
        else:
            assert len(item) == 3
            tokens = re.findall(rb"t(\d+);", b",".join(field or b"" for field in item))
        seen.extend(map(int, tokens))
    assert seen == list(range(len(lines)))
