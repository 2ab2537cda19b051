"""What may stream to COPY as it is, in blocks of any size."""

import io

import pytest

from loyalty_lens.landing.records import MAX_LINE, MAX_QUOTED
from loyalty_lens.landing.strictness import Refused, StrictStream


def passes(data: bytes, size: int) -> bool:
    stream = StrictStream(io.BytesIO(data), b",")
    read = b""
    try:
        while block := stream.read(size):
            read += block
    except Refused:
        assert isinstance(stream.error, Refused)
        return False
    assert read == data
    return True


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n",
        b"a,b",
        b"a,b\r\nc,d\r\n",
        b'"a","b"\r\n"c","d"',
        b'a,"b ""x"", c"\na,""\n"","""",b\n',
        b'a,"two\nlines, and ""three""\n",b\n',
        b"a,\\N\n",
    ],
)
def test_what_both_readers_read_alike_passes(data: bytes, size: int) -> None:
    assert passes(data, size)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b'a,5" pipe\na,6" pipe\n',  # COPY would read one row
        b'a,"b"c\n',
        b'a, "b"\n',
        b'"a",b"c"\n',
        b'"a"b,"c"\n',
        b'a,"b" \n',
        b'a,"b\nc,d\n',
        b'a,b"',
        b"a,b\rc,d\n",
        b'a,"b\rc"\n',
        b"a,b\n\\.\nc,d\n",
        b"\\.\n",
    ],
)
def test_what_copy_would_read_otherwise_is_refused(data: bytes, size: int) -> None:
    assert not passes(data, size)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 2 * MAX_LINE + b"\n",
        b"a,b\n" * 10 + b"x" * MAX_LINE + b"\na,b\n",
        b'"' + b"x\n" * MAX_LINE + b'"\n',
        b'a,"' + b"x\n" * MAX_QUOTED + b'",b\n',
        b'a,"' + b'x ""y""\n' * (MAX_QUOTED // 4) + b'",b\n',
    ],
)
@pytest.mark.parametrize("size", [1 << 15, 1 << 18])
def test_lines_and_quotes_longer_than_the_tolerant_reader_takes_are_refused(
    data: bytes, size: int
) -> None:
    assert not passes(data, size)


@pytest.mark.parametrize("size", [1000, 1 << 18])
def test_long_values_on_one_line_and_many_short_ones_of_two_lines_pass(size: int) -> None:
    assert passes(b'a,"' + b"x" * (MAX_LINE - 10) + b'"\n', size)
    assert passes(b'a,"x\n ""y"""\n' * MAX_QUOTED, size)
