"""The line below a number: how far it is from the one before."""

from decimal import Decimal

from metabase.definition import Card
from metabase.preview.formats import shown
from metabase.preview.query import Result


def change(card: Card, result: Result, currency: str) -> str | None:
    """`12.5% vs. EUR 1,200` (of a share: points of a per cent); None without one before."""
    values = result.column(card.value_column)
    if len(values) < 2 or values[-1] is None or values[-2] is None:
        return None
    column = card.columns[card.value_column]
    now, before = Decimal(values[-1]), Decimal(values[-2])
    text = shown(values[-2], column, currency)
    if before == 0:
        return None if now == 0 else f"was {text}"
    return f"{(now - before) / abs(before):+.1%} vs. {text}"
