"""Small numpy helpers shared by the generator: types, random streams, numbers as text."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
SmallArray = NDArray[np.int16]
RatioArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.object_]  # str objects: taking from a table copies references only


def stream(seed: int, name: str, *numbers: int) -> np.random.Generator:
    """A random generator of its own for each topic, so that topics do not disturb one another."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), *numbers])


def texts(values: Iterable[str]) -> TextArray:
    """A text column from strings."""
    listed = list(values)
    column = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column


def blanks(count: int) -> TextArray:
    """A text column of empty fields."""
    return np.full(count, "", dtype=object)


def or_blank(table: TextArray) -> TextArray:
    """The table with an empty text at its end, so that index -1 reads as an empty field."""
    return np.append(table, blanks(1))


def numbered(pattern: str, numbers: IntArray) -> TextArray:
    """Ids such as ``T000000042`` from a %-pattern and numbers."""
    return texts(map(pattern.__mod__, numbers.tolist()))


def integer_text(values: IntArray) -> TextArray:
    """Whole numbers as text."""
    return texts(map(str, values.tolist()))


def money_text(cents: IntArray) -> TextArray:
    """Cents as an amount with two decimals."""
    return texts(map("%.2f".__mod__, (cents / 100).tolist()))


def date_text(days: IntArray, origin: np.datetime64) -> TextArray:
    """ISO dates from day numbers counted from ``origin``."""
    return np.datetime_as_string(origin + days.astype("timedelta64[D]"), unit="D").astype(object)


def pick(rng: np.random.Generator, table: TextArray, count: int) -> TextArray:
    """``count`` entries of a table, each equally likely."""
    chosen: TextArray = table[rng.integers(0, len(table), count)]
    return chosen


def weighted(rng: np.random.Generator, weights: FloatArray, count: int) -> IntArray:
    """``count`` indices, drawn in proportion to the weights."""
    edges = np.cumsum(weights / weights.sum())
    found = np.searchsorted(edges, rng.random(count), side="right")
    return np.minimum(found, len(weights) - 1).astype(np.int64)
