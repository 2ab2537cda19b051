"""What would be different under other rules, on a terminal."""

from rich.console import Console
from rich.markup import escape

from loyalty_lens.points.what_if import Figure, WhatIf
from loyalty_lens.report.show import number, table


def show_what_if(console: Console, found: WhatIf, currency: str) -> None:
    """Figures side by side, tiers, and who would gain or lose most."""
    days = f" from {found.first_day}" if found.first_day else ""
    days += f" to {found.last_day}" if found.last_day else ""
    console.print(
        f"Had the {number(found.rules)} rules of {found.file} held{days or ' on all days'},"
        f" as of {found.business_date}: {number(found.winners)} customers would have more points,"
        f" {number(found.losers)} fewer, {number(found.unchanged)} as many as today.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    rows = [_row(figure, currency) for figure in found.figures]
    table(console, "All customers", ("points", "today", "what if", "difference"), rows)
    tiers = [
        (
            escape(tier.tier),
            number(tier.customers),
            number(tier.outstanding_today),
            number(tier.outstanding_what_if),
        )
        for tier in found.tiers
    ]
    columns = ("tier", "customers", "points today", "what if")
    table(console, "Tiers (they follow spend, whatever the rules)", columns, tiers)
    for title, changes in (
        ("Largest gains", found.largest_gains),
        ("Largest losses", found.largest_losses),
    ):
        lines = [
            (
                escape(change.customer_id),
                number(change.today),
                number(change.what_if),
                f"{change.difference:+,}",
            )
            for change in changes
        ]
        if lines:
            table(console, title, ("customer", "today", "what if", "difference"), lines)


def _row(figure: Figure, currency: str) -> tuple[str, str, str, str]:
    name = f"{figure.name} {currency}" if figure.is_money else figure.name
    places = ",.2f" if figure.is_money else ",.0f"
    return (
        name,
        format(figure.today, places),
        format(figure.what_if, places),
        format(figure.difference, "+" + places),
    )
