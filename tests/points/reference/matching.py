"""What returns that name no sale take back: of the newest sales before them, what is left."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tests.points.reference.model import Header, Line

PART = Decimal("0.0001")


@dataclass(frozen=True)
class Match:
    """What one line of a return takes back of one sale; the amount is its share of the line's."""

    header: Header
    line: Line
    sale: Header
    quantity: Decimal
    amount: Decimal


def owner(header: Header) -> str:
    """Who can bring it back: the customer, or any guest of the store."""
    return f"customer {header.customer_id}" if header.customer_id else f"store {header.store_id}"


def matches(headers: list[Header], lines: Mapping[str, list[Line]]) -> list[Match]:
    """What lines of returns that name no sale take back. Others have no match here."""
    return work_off(headers, lines)[0]


def work_off(
    headers: list[Header], lines: Mapping[str, list[Line]]
) -> tuple[list[Match], list[Line]]:
    """Line after line in the order of the returns: each takes all of its quantity or nothing.

    Second, the lines that fit of returns that name their sale: they take from that sale alone.
    """
    sales = {header.transaction_id: header for header in headers if not header.is_return}
    left: dict[tuple[str, str], Decimal] = {}
    for sale in sales:
        for line in lines.get(sale, []):
            key = sale, line.product_id
            left[key] = left.get(key, Decimal()) + line.quantity
    found = []
    named = []
    for header in sorted((h for h in headers if h.is_return), key=lambda h: _when(h, sales)):
        for line in sorted(lines.get(header.transaction_id, []), key=lambda it: it.line_item_id):
            if header.original_transaction_id is None:
                found += _taken(header, line, sales, left)
            elif _fits_named(header, line, sales, left):
                named.append(line)
    return found, named


def _when(header: Header, sales: Mapping[str, Header]) -> tuple[dt.date, dt.datetime, bool, str]:
    """A sale comes before a return of the same moment; one named before the return of its day."""
    moment = header.moment
    named = sales.get(header.original_transaction_id or "")
    if named and named.business_date == header.business_date:
        moment = max(moment, named.moment)
    return header.business_date, moment, header.is_return, header.transaction_id


def _taken(
    header: Header,
    line: Line,
    sales: Mapping[str, Header],
    left: dict[tuple[str, str], Decimal],
) -> list[Match]:
    before = [
        sale
        for sale in sales.values()
        if owner(sale) == owner(header)
        and left.get((sale.transaction_id, line.product_id))
        and _when(sale, sales) < _when(header, sales)
    ]
    if not 0 < line.quantity <= sum(left[s.transaction_id, line.product_id] for s in before):
        return []
    found = []
    taken = Decimal()
    for sale in sorted(before, key=lambda s: _when(s, sales), reverse=True):
        key = sale.transaction_id, line.product_id
        part = min(left[key], line.quantity - taken)
        if part:
            left[key] -= part
            amount = _share(line, taken + part) - _share(line, taken)
            found.append(Match(header, line, sale, part, amount))
            taken += part
    return found


def _share(line: Line, quantity: Decimal) -> Decimal:
    return (line.amount * quantity / line.quantity).quantize(PART, ROUND_HALF_UP)


def _fits_named(
    header: Header,
    line: Line,
    sales: Mapping[str, Header],
    left: dict[tuple[str, str], Decimal],
) -> bool:
    sale = sales.get(header.original_transaction_id or "")
    key = header.original_transaction_id or "", line.product_id
    if not sale or _when(sale, sales) > _when(header, sales) or left.get(key, -1) < line.quantity:
        return False
    left[key] -= line.quantity
    return True
