"""Rows of invoices as receipts: one header and its lines, numbered by their place."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

HEADER = (
    "transaction_id",
    "customer_id",
    "store_id",
    "transaction_date",
    "total_amount",
    "transaction_type",
)
LINES = ("line_item_id", "transaction_id", "product_id", "quantity", "line_item_amount")


class Line(NamedTuple):
    """One row of an invoice: ``run`` counts how often its rows had begun before."""

    run: str
    product: str
    quantity: str
    price: str
    amount: Decimal | None  # quantity x price, None where one of them is no number


@dataclass
class Invoice:
    """Rows that share an invoice number; what they should agree in is taken from the first."""

    invoice: str
    moment: str
    customer: str
    country: str
    lines: list[Line] = field(default_factory=list)

    @property
    def is_return(self) -> bool:
        """The shop's numbers of cancellations begin with C."""
        return self.invoice[:1] in ("C", "c")

    def without_repetition(self) -> list[Line]:
        """Its lines once: where all its rows come again elsewhere in the file, the first time.

        The workbook's sheets overlap by nine days, and files made of both hold these days twice.
        Lines that are the same within one run of rows are lines that were sold twice.
        """
        if self.lines[-1].run == self.lines[0].run:
            return self.lines
        runs: dict[str, list[tuple[str, str, str]]] = {}
        for line in self.lines:
            runs.setdefault(line.run, []).append((line.product, line.quantity, line.price))
        first, *others = runs.values()
        if all(other == first for other in others):
            return self.lines[: len(first)]
        return self.lines

    def header(self, lines: Sequence[Line]) -> tuple[str, ...]:
        """The record of store_sales_header; a sum with a gap is no sum, and stays empty."""
        amounts = [line.amount for line in lines]
        known = [amount for amount in amounts if amount is not None]
        return (
            self.invoice,
            self.customer,
            self.country,
            self.moment,
            plain(sum(known, Decimal(0))) if len(known) == len(amounts) else "",
            "RETURN" if self.is_return else "SALE",
        )

    def records(self, lines: Sequence[Line]) -> Iterator[tuple[str, ...]]:
        """The records of store_sales_line_items; a line's number is its place in the invoice."""
        for place, line in enumerate(lines, start=1):
            amount = line.amount
            yield (
                str(place),
                self.invoice,
                line.product,
                line.quantity,
                "" if amount is None else plain(amount),
            )


def invoices(rows: Iterable[Sequence[str]]) -> Iterable[Invoice]:
    """Rows (invoice, moment, customer, country, run, product, quantity, price) by invoice."""
    found: dict[str, Invoice] = {}
    for invoice, moment, customer, country, run, product, quantity, price in rows:
        known = found.get(invoice)
        if known is None:
            known = found[invoice] = Invoice(invoice, moment, customer, country)
        units, each = number(quantity), number(price)
        amount = None if units is None or each is None else units * each
        known.lines.append(Line(run, product, quantity, price, amount))
    return found.values()


@functools.lru_cache(maxsize=65_536)
def number(text: str) -> Decimal | None:
    """An exact number; None for what is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def plain(value: Decimal) -> str:
    """Without exponent, and without a sign before 0."""
    return f"{value:f}" if value else "0"
