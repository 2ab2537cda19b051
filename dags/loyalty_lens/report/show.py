"""Tables of the summary and of `lens status`, drawn with rich."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loyalty_lens.report.figures import Insight, Loaded
from loyalty_lens.report.points import show_points

TIERS = ("High Value", "Growing Value", "Base Value")
ENGAGEMENT = ("Active & Engaged", "At Risk", "Developing", "Inactive")


def screen() -> Console:
    """Standard output; where it is no terminal, wide enough for every table."""
    console = Console()
    return console if console.is_terminal else Console(width=120)


def show_loaded(console: Console, figures: Loaded, *, with_rejects: bool = True) -> None:
    """Files and rows per data set, files not loaded, months restated, what is missing, rejects."""
    rows = [
        (
            row.data_set,
            *map(
                number,
                (
                    row.files,
                    row.rows_read,
                    row.accepted,
                    row.rejected,
                    row.duplicates,
                    row.malformed,
                ),
            ),
        )
        for row in figures.files
    ]
    columns = ("data set", "files", "read", "accepted", "rejected", "duplicates", "malformed")
    table(console, "Files and rows", columns, rows)
    for message in figures.refused:
        console.print("[red]not loaded[/]", escape(message), highlight=False, soft_wrap=True)
    for message in figures.held:
        console.print("[red]held[/]", escape(message), highlight=False, soft_wrap=True)
    for message in figures.restated:
        console.print("[red]restated[/]", escape(message), highlight=False, soft_wrap=True)
    if figures.waiting:
        console.print(f"[yellow]{figures.waiting} files wait to be judged[/]: lens validate")
    if figures.not_delivered:
        console.print(f"Never delivered: {', '.join(figures.not_delivered)}", soft_wrap=True)
    if with_rejects:
        show_rules(console, "Rejected, by rule", figures.rejected)
    show_rules(console, "Warnings (the rows are kept), by rule", figures.warnings)


def show_rules(console: Console, title: str, rows: Iterable[tuple[str, str, int]]) -> None:
    """Rows by data set and rule; nothing where there are none."""
    shown = [(data_set, rule, number(count)) for data_set, rule, count in rows]
    if shown:
        table(console, title, ("data set", "rule", "rows"), shown, text_columns=2)


def show_insight(console: Console, figures: Insight, currency: str, basis: str) -> None:
    """Segments, points and top customers; `basis` of their spend: net or gross of returns."""
    rows = [
        (tier, *(number(figures.segments.get((tier, status), 0)) for status in ENGAGEMENT))
        for tier in TIERS
    ]
    table(console, "Customers by value and engagement", ("", *ENGAGEMENT), rows)
    console.print("(value and engagement compare with the median customer)", style="dim")
    in_rfm = sum(figures.segments.values())
    console.print(
        f"{number(figures.customers)} customers, {number(in_rfm)} with purchases;"
        f" {number(figures.high_spenders)} High-Spenders,"
        f" {number(figures.at_risk)} with points and no purchase for 30 days or more,"
        f" {number(figures.both)} both"
    )
    show_points(console, figures.points, currency)
    top = [
        (customer, f"{spent:,.2f}", number(count), f"{days} days", number(points), segment)
        for customer, spent, count, days, segment, points in figures.top_customers
    ]
    spend = f"{basis} spend {currency}"
    columns = ("customer", spend, "purchases", "last seen", "points", "segment")
    table(console, "Top customers", columns, top)


def show_seconds(console: Console, seconds: dict[str, float]) -> None:
    """One line with the seconds of each step."""
    parts = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    console.print(f"\nSeconds: {parts}; {sum(seconds.values()):.1f} in all")


def table(
    console: Console,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    text_columns: int = 1,
) -> None:
    """A table whose first columns are text and whose others are numbers."""
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for place, name in enumerate(columns):
        right = place >= text_columns and name != "segment"
        drawn.add_column(
            name, justify="right" if right else "left", header_style="dim", no_wrap=True
        )
    for row in rows:
        drawn.add_row(*row)
    console.print()
    console.print(drawn)


def number(value: int) -> str:
    """A whole number with thousands marks."""
    return f"{value:,}"
