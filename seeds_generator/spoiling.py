"""Spoils the share of the rows that the options ask for, and says which row breaks which rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray, TextArray, stream
from seeds_generator.defects import HEADERS, KINDS, LINES, REJECT, RETURN, SALE, Defect
from seeds_generator.options import GeneratorOptions
from seeds_generator.sales import NONE, Sales

Columns = dict[str, TextArray]


@dataclass(frozen=True)
class Planted:
    """A row that breaks a rule: its place in the columns (0 the first) and what must find it."""

    row: int
    rule: str
    outcome: str
    kind: str


@dataclass(frozen=True)
class Block:
    """Columns of one data set, with what is planted in them.

    ``store`` is the row of the store that each record belongs to, also where its text is spoilt.
    """

    data_set: str
    columns: Columns
    planted: tuple[Planted, ...] = ()
    store: IntArray | None = None

    @property
    def rows(self) -> int:
        """Number of records."""
        return len(next(iter(self.columns.values())))

    def take(self, chosen: BoolArray) -> Block:
        """The chosen rows, with what is planted in them."""
        place = np.cumsum(chosen) - 1
        return Block(
            self.data_set,
            {name: column[chosen] for name, column in self.columns.items()},
            tuple(replace(p, row=int(place[p.row])) for p in self.planted if chosen[p.row]),
            None if self.store is None else self.store[chosen],
        )


class Spoiler:
    """Knows the rates, and how many rows there were so far: every kind comes as often as asked.

    Left alone: returns (but by their own kinds), sales that come back, sales paid with points or
    with an outlier, and lines under a spoilt header or in a promotion; so every spoilt row breaks
    one rule only, nothing else hangs on it, and the truth about promotions holds.
    """

    def __init__(self, options: GeneratorOptions) -> None:
        self._seed = options.seed
        self._rates = _rates(options)
        self._seen: dict[str, int] = {}

    def skip(self, data_set: str, rows: int) -> None:
        """Counts rows that are not written, so that those after them are spoilt as ever."""
        self._seen[data_set] = self._seen.get(data_set, 0) + rows

    def sales(
        self, sales: Sales, spared: BoolArray, headers: Columns, lines: Columns, day: int
    ) -> tuple[Block, Block]:
        """Both files of a block of sales; ``spared`` headers are left whole, and their lines."""
        rng = stream(self._seed, "defects", day)
        header_rows = {SALE: ~spared & ~sales.is_return, RETURN: sales.is_return}
        chosen, kinds = self._choose(rng, HEADERS, sales.count, header_rows)
        header_block = _spoilt(HEADERS, headers, sales.store, chosen, kinds, day)

        is_whole = np.ones(sales.count, dtype=np.bool_)
        is_whole[chosen] = False
        usable = is_whole[sales.line_header]
        line_rows = {
            SALE: usable & ~spared[sales.line_header] & (sales.promotion == NONE)
            & ~sales.is_return[sales.line_header],
            RETURN: usable & sales.is_return[sales.line_header],
        }  # fmt: skip
        chosen_lines, line_kinds = self._choose(rng, LINES, sales.line_count, line_rows)
        line_store = sales.store[sales.line_header]
        line_block = _spoilt(LINES, lines, line_store, chosen_lines, line_kinds, day)
        fallen = _fallen(sales, chosen, kinds)
        return header_block, replace(line_block, planted=line_block.planted + fallen)

    def rows(self, data_set: str, columns: Columns, day: int) -> Block:
        """Any other file: every row may be spoilt."""
        rng = stream(self._seed, f"defects of {data_set}", day)
        count = len(next(iter(columns.values())))
        anywhere = np.ones(count, dtype=np.bool_)
        chosen, kinds = self._choose(rng, data_set, count, {SALE: anywhere})
        return _spoilt(data_set, columns, np.zeros(count, dtype=np.int64), chosen, kinds, day)

    def _choose(
        self, rng: np.random.Generator, data_set: str, rows: int, candidates: dict[str, BoolArray]
    ) -> tuple[IntArray, list[Defect]]:
        """Rows to spoil, in order, and the kind of each; no row twice."""
        before = self._seen.get(data_set, 0)
        self.skip(data_set, rows)
        picked: list[tuple[int, Defect]] = []
        for of, allowed in candidates.items():
            due: list[Defect] = []
            for number, (defect, rate) in enumerate(self._rates.get(data_set, [])):
                if defect.of == of:  # the kinds start at different times, so that all come soon
                    shift = (number + 1) / (len(self._rates[data_set]) + 1)
                    count = int((before + rows) * rate + shift) - int(before * rate + shift)
                    due += [defect] * count
            free = np.flatnonzero(allowed)
            due = [due[place] for place in rng.permutation(len(due)).tolist()][: len(free)]
            chosen = rng.choice(free, len(due), replace=False) if due else free[:0]
            picked += zip(chosen.tolist(), due, strict=True)
        picked.sort(key=lambda pair: pair[0])
        return np.array([row for row, _ in picked], dtype=np.int64), [kind for _, kind in picked]


def _rates(options: GeneratorOptions) -> dict[str, list[tuple[Defect, float]]]:
    """Share of the rows of its data set for every kind of it."""
    found: dict[str, list[tuple[Defect, float]]] = {}
    kinds = Counter(defect.data_set for defect in KINDS)
    for defect in KINDS:
        if defect.rule == "wrong_currency" and options.currency is None:
            continue
        even = options.defect_rate / kinds[defect.data_set]
        rate = options.defect_rates.get(defect.kind, even)
        found.setdefault(defect.data_set, []).append((defect, rate))
    return found


def _spoilt(
    data_set: str, columns: Columns, store: IntArray, rows: IntArray, kinds: list[Defect], day: int
) -> Block:
    """The columns with the defects written in; repeated rows stand at the end."""
    count = len(store)
    again = [row for row, kind in zip(rows.tolist(), kinds, strict=True) if kind.repeats]
    spoilt = {
        name: np.concatenate([column, column[again]]) if again else column
        for name, column in columns.items()
    }
    planted, repeated = [], 0
    for number, (row, kind) in enumerate(zip(rows.tolist(), kinds, strict=True)):
        place = row
        if kind.repeats:
            place = count + repeated
            repeated += 1
        for name, change in kind.changes.items():
            spoilt[name][place] = change(spoilt[name][place], day * 100_000 + number)
        planted.append(Planted(place, kind.rule, kind.outcome, kind.kind))
    return Block(data_set, spoilt, tuple(planted), np.append(store, store[again]))


def _fallen(sales: Sales, chosen: IntArray, kinds: list[Defect]) -> tuple[Planted, ...]:
    """Lines fall with their header; where its key is gone, they have none."""
    rule_of: dict[int, Defect] = {
        row: kind for row, kind in zip(chosen.tolist(), kinds, strict=True) if not kind.repeats
    }
    falls = np.zeros(sales.count, dtype=np.bool_)
    falls[list(rule_of)] = True
    lines = np.flatnonzero(falls[sales.line_header])
    return tuple(
        Planted(line, rule_of[header].lines_fall, REJECT, f"under {rule_of[header].kind}")
        for line, header in zip(lines.tolist(), sales.line_header[lines].tolist(), strict=True)
    )
