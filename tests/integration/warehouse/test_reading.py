"""How text is read (design section 2, cleaning): the functions that the gate and dbt share."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_lens.warehouse.connection import connected

UTC = dt.UTC


def read(database: str, function: str, *arguments: str | None) -> Any:
    marks = ", ".join(["%s"] * len(arguments))
    with connected(database) as connection, connection.cursor() as cursor:
        cursor.execute(f"select ops.{function}({marks})", arguments)
        row = cursor.fetchone()
    assert row
    return row[0]


@pytest.mark.parametrize(
    ("function", "arguments", "value"),
    [
        ("read_text", ("  a b ",), "a b"),
        ("read_text", ("",), None),
        ("read_text", ("null",), None),
        ("read_text", ("NaN",), None),
        ("read_text", ("N/A",), None),
        ("read_text", ("\u00a0x\t",), "x"),
        ("read_id", ("1.0",), "1"),
        ("read_id", ("1234.00",), "1234"),
        ("read_id", ("C1.0",), "C1.0"),
        ("read_id", ("1.5",), "1.5"),
        ("read_number", ("1,234.50", "."), Decimal("1234.50")),
        ("read_number", (" -5 ", "."), Decimal(-5)),
        ("read_number", (".5", "."), Decimal("0.5")),
        ("read_number", ("1e3", "."), Decimal(1000)),
        ("read_number", ("1e60", "."), None),
        ("read_number", ("12,34", "."), None),
        ("read_number", ("12,3x", "."), None),
        ("read_number", ("1.234,50", ","), Decimal("1234.50")),
        ("read_number", ("12,34", ","), Decimal("12.34")),
        ("read_number", ("1.5", ","), None),
        ("read_integer", ("3.0", "."), 3),
        ("read_integer", ("3.5", "."), None),
        ("read_integer", ("99999999999", "."), None),
        ("read_date", ("2024-01-05", "day_first"), dt.date(2024, 1, 5)),
        ("read_date", ("2024/1/5", "day_first"), dt.date(2024, 1, 5)),
        ("read_date", ("05/01/2024", "day_first"), dt.date(2024, 1, 5)),
        ("read_date", ("05-01-2024", "month_first"), dt.date(2024, 5, 1)),
        ("read_date", ("31/12/2024", "month_first"), None),
        ("read_date", ("2024-02-30", "day_first"), None),
        ("read_date", ("2026-13-45", "day_first"), None),
        ("read_date", ("not a date", "day_first"), None),
        ("read_timestamp", ("05-01-2024 10:30", "day_first"), dt.datetime(2024, 1, 5, 10, 30)),
        (
            "read_timestamp",
            ("2024-01-01T23:30:00+02:00", "day_first"),
            dt.datetime(2024, 1, 1, 23, 30),
        ),
        (
            "read_instant",
            ("2024-01-01T23:30:00+02:00", "day_first"),
            dt.datetime(2024, 1, 1, 21, 30, tzinfo=UTC),
        ),
        (
            "read_instant",
            ("2024-01-01 10:00:00Z", "day_first"),
            dt.datetime(2024, 1, 1, 10, tzinfo=UTC),
        ),
        ("read_instant", ("2024-01-01 10:00:00", "day_first"), None),
        ("read_boolean", ("Yes",), True),
        ("read_boolean", ("0",), False),
        ("read_boolean", ("1.0",), True),
        ("read_boolean", ("perhaps",), None),
        ("read_phone", ("+49 (0)30-12",), "4903012"),
        ("read_phone", ("9650572325.0",), "9650572325"),
        ("read_weekdays", ("Sat, Sun",), [6, 7]),
        ("read_weekdays", ("1|2",), [1, 2]),
        ("read_weekdays", ("someday",), None),
    ],
)
def test_text_reads_as_the_design_says(
    database: str, function: str, arguments: tuple[str, ...], value: Any
) -> None:
    assert read(database, function, *arguments) == value
    assert read(database, function, None, *arguments[1:]) is None


AWKWARD = st.text(alphabet="0123456789-+/.,:eE TZ\u00a0x", max_size=24)


@settings(max_examples=60, deadline=None)
@given(st.lists(AWKWARD, min_size=20, max_size=60))
def test_no_text_makes_a_reading_function_fail(database: str, texts: list[str]) -> None:
    with connected(database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select ops.read_id(t), ops.read_number(t, '.'), ops.read_number(t, ','),"
            " ops.read_integer(t, '.'), ops.read_timestamp(t, 'day_first'),"
            " ops.read_instant(t, 'month_first'), ops.read_boolean(t), ops.read_phone(t),"
            " ops.read_weekdays(t) from unnest(%s) as t",
            (texts,),
        )
        assert cursor.rowcount == len(texts)
