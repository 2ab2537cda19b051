"""Sales as arrays: headers and their lines, the currency between all steps of the generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray

NONE = -1  # in any reference column: there is none
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Sales:
    """Headers (one array element each) and lines (the same, with ``line_header`` the header's row).

    ``number`` counts sales and returns apart; ``original`` is the number of the sale that a return
    refers to. ``day`` and ``second`` are the store's local time. ``phone`` is a row of the phone
    book. Amounts are cents, negative on returns, quantities always positive. Lines lie in the order
    of their headers.
    """

    number: IntArray
    original: IntArray
    customer: IntArray
    phone: IntArray
    store: IntArray
    day: IntArray
    second: IntArray
    payment: IntArray
    redeemed: IntArray
    line_header: IntArray
    line_number: IntArray
    product: IntArray
    promotion: IntArray
    quantity: IntArray
    amount: IntArray

    @property
    def count(self) -> int:
        """Number of headers."""
        return len(self.number)

    @property
    def line_count(self) -> int:
        """Number of lines."""
        return len(self.line_header)

    @property
    def is_return(self) -> BoolArray:
        """Which headers are returns."""
        returns: BoolArray = self.original != NONE
        return returns

    @property
    def total(self) -> IntArray:
        """Cents of each header: the sum of its lines."""
        return np.bincount(self.line_header, self.amount, self.count).astype(np.int64)

    @property
    def lines_per_header(self) -> IntArray:
        """Number of lines of each header."""
        return np.bincount(self.line_header, minlength=self.count)

    def take(self, headers: BoolArray) -> Sales:
        """The chosen headers with their lines."""
        rows = np.cumsum(headers) - 1
        lines = headers[self.line_header]
        chosen = {
            field.name: getattr(self, field.name)[lines if field.name in LINE_FIELDS else headers]
            for field in fields(self)
        }
        chosen["line_header"] = rows[chosen["line_header"]]
        return Sales(**chosen)

    def in_time_order(self) -> Sales:
        """The same sales by day and second."""
        order = np.argsort(self.day * SECONDS_A_DAY + self.second, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        header = place[self.line_header]
        line_order = np.argsort(header, kind="stable")
        moved = {
            field.name: getattr(self, field.name)[
                line_order if field.name in LINE_FIELDS else order
            ]
            for field in fields(self)
        }
        moved["line_header"] = header[line_order]
        return Sales(**moved)


LINE_FIELDS = frozenset(
    ("line_header", "line_number", "product", "promotion", "quantity", "amount")
)


def combined(parts: Sequence[Sales]) -> Sales:
    """Several blocks of sales as one, one after the other."""
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Sales)
    }
    shifts = np.cumsum([0, *(part.count for part in parts[:-1])])
    joined["line_header"] += np.repeat(shifts, [part.line_count for part in parts])
    return Sales(**joined)


def no_sales() -> Sales:
    """An empty block."""
    return Sales(*(np.empty(0, dtype=np.int64) for _ in fields(Sales)))
