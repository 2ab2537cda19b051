"""Defects: rows made wrong on purpose, each against one rule, and counted by that rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray, TextArray
from seeds_generator.csv_writer import quoted
from seeds_generator.sales import NONE, Sales
from seeds_generator.sales_tables import Columns

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
BAD_AMOUNT = quoted("12,3x")  # the sales files are written without a look at quotes


@dataclass(frozen=True)
class Defect:
    """One kind: the rule that must find it, the column it spoils and what it writes there.

    ``spoil`` gets the good value and a running number. With ``repeats`` the row is delivered
    again, spoilt, and the good row stays.
    """

    rule: str
    column: str
    spoil: Callable[[str, int], str]
    repeats: bool = False


def _becomes(text: str) -> Callable[[str, int], str]:
    return lambda _, __: text


def _numbered(pattern: str) -> Callable[[str, int], str]:
    return lambda _, number: pattern % number


HEADER_DEFECTS = (
    Defect("missing_key", "transaction_id", _becomes("")),
    Defect("unknown_store", "store_id", _becomes("SX99")),
    Defect("bad_date", "transaction_date", _becomes("2026-13-45")),
    Defect("bad_amount", "total_amount", _becomes(BAD_AMOUNT)),
    Defect("exact_duplicate", "", lambda good, _: good, repeats=True),
    Defect("unknown_customer", "customer_id", _numbered("CX%06d")),
    Defect("missing_field", "store_id", _becomes("")),
    Defect("negative_amount", "total_amount", lambda good, _: "-" + good),
    Defect(
        "duplicate_key",
        "payment_method",
        lambda good, _: "cash" if good == "card" else "card",
        repeats=True,
    ),
    Defect("bad_date", "transaction_date", _becomes("not a date")),
    Defect("missing_field", "transaction_date", _becomes("")),
    Defect("date_out_of_range", "transaction_date", lambda good, _: "1988" + good[4:]),
    Defect("missing_field", "total_amount", _becomes("")),
)

LINE_DEFECTS = (
    Defect("missing_field", "product_id", _becomes("")),
    Defect("unknown_product", "product_id", _numbered("PX%06d")),
    Defect("quantity_not_positive", "quantity", _becomes("0")),
    Defect("bad_quantity", "quantity", _becomes("two")),
    Defect("bad_amount", "line_item_amount", _becomes(BAD_AMOUNT)),
    Defect("header_missing", "transaction_id", _numbered("TX%08d")),
    Defect("exact_duplicate", "", lambda good, _: good, repeats=True),
    Defect("missing_key", "line_item_id", _becomes("")),
    Defect("quantity_not_positive", "quantity", _becomes("-1")),
    Defect("unknown_promotion", "promotion_id", _becomes("PRX99")),
    Defect("negative_amount", "line_item_amount", lambda good, _: "-" + good),
    Defect("duplicate_key", "quantity", lambda good, _: str(int(good) + 1), repeats=True),
    Defect("missing_field", "quantity", _becomes("")),
)


class Defects:
    """Spoils a share of the rows and keeps count by (data set, rule).

    The kinds take turns, so that all occur. Left alone: returns, sales that come back, sales paid
    with points, and lines under a spoilt header or in a promotion; so every spoilt row breaks one
    rule only, nothing else hangs on it, and the truth about promotions holds.
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._rate = rate
        self._rng = rng
        self._turn = Counter[str]()
        self._used = 0

    def apply(
        self, sales: Sales, comes_back: BoolArray, headers: Columns, lines: Columns
    ) -> tuple[Columns, Columns]:
        """The columns with defects; repeated rows stand at the end of the block."""
        if self._rate == 0:
            return headers, lines
        spared = sales.is_return | comes_back | (sales.redeemed > 0)
        wrong = self._choose(np.flatnonzero(~spared), sales.count)
        headers, kinds = self._spoil(HEADERS, HEADER_DEFECTS, headers, wrong)
        self._count_lines(sales, wrong, kinds)
        spared[wrong] = True
        usable = ~spared[sales.line_header] & (sales.promotion == NONE)
        wrong_lines = self._choose(np.flatnonzero(usable), sales.line_count)
        lines, _ = self._spoil(LINES, LINE_DEFECTS, lines, wrong_lines)
        return headers, lines

    def _choose(self, candidates: IntArray, rows: int) -> IntArray:
        size = min(int(self._rng.binomial(rows, self._rate)), len(candidates))
        return np.sort(self._rng.choice(candidates, size, replace=False))

    def _spoil(
        self, data_set: str, kinds: tuple[Defect, ...], columns: Columns, rows: IntArray
    ) -> tuple[Columns, IntArray]:
        """Spoil the rows in turn; returns the columns and the kind of each row."""
        turn = (self._turn[data_set] + np.arange(len(rows))) % len(kinds)
        self._turn[data_set] += len(rows)
        again: list[int] = []
        spoilt_again: list[tuple[str, str]] = []
        for row, place in zip(rows.tolist(), turn.tolist(), strict=True):
            kind = kinds[place]
            self._used += 1
            self.counts[data_set, kind.rule] += 1
            value = kind.spoil(columns[kind.column][row] if kind.column else "", self._used)
            if kind.repeats:
                again.append(row)
                spoilt_again.append((kind.column, value))
            else:
                columns[kind.column][row] = value
        repeated = {name: column[again] for name, column in columns.items()}
        for place, (name, value) in enumerate(spoilt_again):
            if name:
                repeated[name][place] = value
        joined: dict[str, TextArray] = {
            name: np.concatenate([column, repeated[name]]) for name, column in columns.items()
        }
        return joined, turn

    def _count_lines(self, sales: Sales, wrong: IntArray, kinds: IntArray) -> None:
        """Lines fall with their header; where its key is gone, they have none."""
        lines = sales.lines_per_header[wrong].tolist()
        for count, place in zip(lines, kinds.tolist(), strict=True):
            kind = HEADER_DEFECTS[place]
            if kind.repeats:
                continue
            rule = "header_missing" if kind.rule == "missing_key" else "header_rejected"
            self.counts[LINES, rule] += count
