"""A customer's purchases with what was returned of them, from accepted headers and lines."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from tests.points.reference.matching import Match, matches
from tests.points.reference.model import Header, Line, Product, Settings


@dataclass(frozen=True)
class Return:
    """A return and the merchandise that came back with it, by its magnitude."""

    header: Header
    amount: Decimal


@dataclass(frozen=True)
class Purchase:
    """A sale. Amounts are of merchandise; promoted ones by promotion, categories in lower case."""

    header: Header
    has_merchandise: bool
    merchandise_amount: Decimal
    eligible_amount: Decimal
    category_amounts: dict[str, Decimal]
    promoted_amounts: dict[str, Decimal]
    returns: tuple[Return, ...]

    def net_amount(self, day: dt.date) -> Decimal:
        """What the customer has kept of it at the end of a day."""
        returned = sum((r.amount for r in self.returns if r.header.business_date <= day), Decimal())
        return max(Decimal(), self.merchandise_amount - returned)


def in_order(header: Header) -> tuple[dt.date, dt.datetime, str]:
    return header.business_date, header.moment, header.transaction_id


def purchases(
    headers: list[Header],
    lines: dict[str, list[Line]],
    products: dict[str, Product],
    settings: Settings,
) -> list[Purchase]:
    """The sales of a customer, in order; returns count on the sale that they name, or on those
    that their lines are matched with."""
    found = []
    unnamed = matches(headers, lines)
    for header in sorted((h for h in headers if not h.is_return), key=in_order):
        named = (h for h in headers if h.original_transaction_id == header.transaction_id)
        back = [_return(h, lines, products) for h in named]
        back += _matched([match for match in unnamed if match.sale == header], products)
        returns = tuple(sorted(back, key=lambda it: in_order(it.header)))
        found.append(
            _purchase(header, lines.get(header.transaction_id, []), products, returns, settings)
        )
    return found


def _purchase(
    header: Header,
    lines: list[Line],
    products: dict[str, Product],
    returns: tuple[Return, ...],
    settings: Settings,
) -> Purchase:
    goods = [line for line in lines if products[line.product_id].is_merchandise]
    other = sum((line.amount for line in lines if line not in goods), Decimal())
    merchandise = max(Decimal(), header.total_amount - other)
    paid_with_points = header.points_redeemed * settings.point_cost
    categories: dict[str, Decimal] = {}
    promoted: dict[str, Decimal] = {}
    for line in goods:
        category = products[line.product_id].category.lower()
        categories[category] = categories.get(category, Decimal()) + line.amount
        if line.promotion_id:
            promoted[line.promotion_id] = promoted.get(line.promotion_id, Decimal()) + line.amount
    return Purchase(
        header=header,
        has_merchandise=bool(goods) or not lines,
        merchandise_amount=merchandise,
        eligible_amount=max(Decimal(), merchandise - paid_with_points),
        category_amounts=categories,
        promoted_amounts=promoted,
        returns=returns,
    )


def _return(header: Header, lines: dict[str, list[Line]], products: dict[str, Product]) -> Return:
    """A returned fee takes no merchandise back."""
    other = sum(
        (
            line.amount
            for line in lines.get(header.transaction_id, [])
            if not products[line.product_id].is_merchandise
        ),
        Decimal(),
    )
    return Return(header, max(Decimal(), header.total_amount - other))


def _matched(found: list[Match], products: dict[str, Product]) -> list[Return]:
    """What each return takes back of one sale; fees are matched, too, and take nothing."""
    amounts: dict[Header, Decimal] = {}
    for match in found:
        worth = match.amount if products[match.line.product_id].is_merchandise else Decimal()
        amounts[match.header] = amounts.get(match.header, Decimal()) + worth
    return [Return(header, amount) for header, amount in amounts.items()]
