"""Robust z in SQL: the golden numbers of semantics section 11, on plain values."""

from collections.abc import Sequence
from contextlib import closing

import pytest

from loyalty_lens.warehouse.connection import connect

VALUES = (10, 12, 11, 13, 12, 11, 10, 14, 12, 300)
Limits = tuple[int, float | None, float | None]


def limits(database: str, values: Sequence[float | None], counts: Sequence[int] = ()) -> Limits:
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select row_count, median, scale from ops.robust_limits(%s::float8[], %s::bigint[])",
            (list(values), list(counts) or [1] * len(values)),
        )
        ((rows, median, scale),) = cursor.fetchall()
    return rows, median, scale


def flagged(database: str, values: Sequence[float]) -> list[float]:
    _, median, scale = limits(database, values)
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select value from unnest(%s::float8[]) as listed (value)"
            " where ops.is_outlier(value, %s, %s)",
            (list(values), median, scale),
        )
        return [value for (value,) in cursor.fetchall()]


def test_only_300_is_flagged(database: str) -> None:
    rows, median, scale = limits(database, VALUES)
    assert (rows, median) == (10, 12) and median is not None and scale is not None
    assert scale * 0.6745 == pytest.approx(1)  # the MAD
    assert (300 - median) / scale == pytest.approx(194.3, abs=0.05)
    assert (14 - median) / scale == pytest.approx(1.35, abs=0.005)
    assert flagged(database, VALUES) == [300]


def test_where_the_mad_is_0_the_mean_deviation_decides(database: str) -> None:
    values = (10,) * 7 + (50,)
    _, median, scale = limits(database, values)
    assert median == 10 and scale is not None
    assert (50 - median) / scale == pytest.approx(6.38, abs=0.005)
    assert flagged(database, values) == [50]


def test_where_all_values_are_alike_nothing_is_flagged(database: str) -> None:
    assert limits(database, (10, 10, 10)) == (3, 10, None)
    assert flagged(database, (10, 10, 10)) == []
    assert limits(database, (None,)) == (0, None, None)


def test_values_counted_are_values_listed(database: str) -> None:
    """And of an even number of values the median is the mean of the two in the middle."""
    assert limits(database, (10, 11, 12, 13, 14, 300), (2, 2, 3, 1, 1, 1)) == limits(
        database, VALUES
    )
    assert limits(database, (1, 2, 3, 10))[1] == 2.5
    assert limits(database, (1, 10), (3, 1))[1] == 1


def test_the_limit_itself_is_no_outlier(database: str) -> None:
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select ops.is_outlier(13.5, 10, 1), ops.is_outlier(13.6, 10, 1),"
            " ops.is_outlier(6.4, 10, 1), ops.is_outlier(99, null, 1), ops.is_outlier(99, 10, null)"
        )
        assert cursor.fetchall() == [(False, True, True, False, False)]
