"""A closing on a terminal."""

from collections import defaultdict

from rich.console import Console

from loyalty_lens.points.close import Closing
from loyalty_lens.report.show import number, table


def show_closing(console: Console, closing: Closing, currency: str) -> None:
    """The month in one line, then its movements by type."""
    told = f" (closing {closing.closing_id}"
    told += f", beside {closing.replaces})" if closing.replaces else ")"
    console.print(
        f"{closing.month:%Y-%m} closed{told}: balance {number(closing.opening_balance)} before,"
        f" {number(closing.closing_balance)} after: outstanding"
        f" {number(closing.outstanding_points)}, debt {number(closing.debt_points)};"
        f" liability {closing.liability_amount:,.2f} {currency},"
        f" deferred revenue {closing.deferred_amount:,.2f} {currency}",
        highlight=False,
        soft_wrap=True,
    )
    points: dict[str, int] = defaultdict(int)
    entries: dict[str, int] = defaultdict(int)
    batches: dict[str, int] = defaultdict(int)
    for figure in closing.figures:
        points[figure.entry_type] += figure.points
        entries[figure.entry_type] += figure.entry_count
        batches[figure.entry_type] += 1
    rows = [
        (kind, f"{points[kind]:+,}", number(entries[kind]), number(batches[kind]))
        for kind in points
    ]
    if rows:
        table(console, "Movements", ("entry", "points", "entries", "files"), rows)
