"""Values as a reader sees them, by the format of their column."""

import datetime as dt
from decimal import Decimal
from typing import Any

from metabase.definition import Column

NOTHING = "–"


def shown(value: Any, column: Column, currency: str) -> str:
    """The value in words: `EUR 1,234.50`, `12.5%`, `1,234`, `2026-01-11`; a dash for nothing."""
    if value is None:
        return NOTHING
    if column.format in ("text", "date") or not isinstance(value, int | float | Decimal):
        return value.isoformat() if isinstance(value, dt.date) else str(value)
    number = Decimal(value) * (100 if column.format == "percent" else 1)
    text = f"{number:,.{column.places}f}"
    if column.format == "money":
        return f"{currency} {text}"
    return f"{text}%" if column.format == "percent" else text


def axis(column: Column, currency: str) -> dict[str, str]:
    """The same for an axis or a label of Plotly: `tickprefix` and `tickformat`."""
    if column.format in ("text", "date"):
        return {}
    number = f",.{column.places}" + ("%" if column.format == "percent" else "f")
    prefix = f"{currency} " if column.format == "money" else ""
    return {"tickformat": number, "tickprefix": prefix}
