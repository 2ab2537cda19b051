"""Whichever order files come in: of returns that counts which the reference lets count."""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

import pytest

from tests.integration.quality.warehouse import Row, Warehouse, deliver_masters, line, sale
from tests.points.reference.matching import owner, work_off
from tests.points.reference.model import Header, Line

HEADER, LINES = "store_sales_header", "store_sales_line_items"
PRODUCTS = ("P1", "P2")
START = dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC)


class Shop:
    """Customers and guests who buy and bring back, dense enough to meet in the same sales."""

    def __init__(self, seed: int, customers: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311
        self.headers: list[Header] = []
        self.lines: dict[str, list[Line]] = defaultdict(list)
        for number in range(customers):
            customer = f"C{number}" if number % 10 else None
            sales = [self._visit(f"{number}S{n}", customer) for n in range(self.dice.randint(1, 4))]
            for n in range(self.dice.randint(1, 4)):
                named = self.dice.choice(sales) if self.dice.random() < 0.3 else None
                self._visit(f"{number}R{n}", customer, is_return=True, named=named)

    def _visit(
        self,
        key: str,
        customer: str | None,
        *,
        is_return: bool = False,
        named: Header | None = None,
    ) -> Header:
        moment = START + dt.timedelta(hours=12 * self.dice.randrange(20))
        if named:
            moment = max(moment, named.moment) - dt.timedelta(hours=self.dice.choice([0, 0, 1]))
        store = named.store_id if named else self.dice.choice(["S1", "S2"])
        header = Header(
            transaction_id=key,
            customer_id=customer,
            store_id=store,
            business_date=moment.date(),
            moment=moment,
            total_amount=Decimal(10),
            is_return=is_return,
            original_transaction_id=named.transaction_id if named else None,
        )
        self.headers.append(header)
        for number, product in enumerate(self.dice.sample(PRODUCTS, self.dice.randint(1, 2))):
            quantity = Decimal(self.dice.randint(1, 3))
            self.lines[key].append(Line(key, product, Decimal(10), None, quantity, str(number)))
        return header

    def accepted_returns(self) -> tuple[set[str], set[tuple[str, str]]]:
        """Keys of the headers and lines that count, by the reference."""
        owners: dict[str, list[Header]] = defaultdict(list)
        for header in self.headers:
            owners[owner(header)].append(header)
        lines: set[tuple[str, str]] = set()
        named = {h.transaction_id for h in self.headers if h.original_transaction_id}
        for headers in owners.values():
            matches, fitting = work_off(headers, self.lines)
            taken = [match.line for match in matches] + fitting
            lines |= {(one.transaction_id, one.line_item_id) for one in taken}
        return named | {key for key, _ in lines}, lines

    def drops(self, count: int) -> list[tuple[list[Row], list[Row]]]:
        """Headers and lines, in any order, each on its own."""
        drops: list[tuple[list[Row], list[Row]]] = [([], []) for _ in range(count)]
        for header in self.headers:
            self.dice.choice(drops)[0].append(
                sale(
                    header.transaction_id,
                    customer_id=header.customer_id,
                    store_id=header.store_id,
                    transaction_date=str(header.moment.replace(tzinfo=None)),
                    transaction_type="RETURN" if header.is_return else None,
                    original_transaction_id=header.original_transaction_id,
                )
            )
            for one in self.lines[header.transaction_id]:
                self.dice.choice(drops)[1].append(
                    line(
                        one.line_item_id,
                        one.transaction_id,
                        product_id=one.product_id,
                        quantity=str(one.quantity),
                    )
                )
        return drops


@pytest.mark.parametrize(
    ("seed", "customers", "drops"),
    [
        (1, 60, 3),
        *(pytest.param(seed, 400, 6, marks=pytest.mark.full) for seed in range(2, 8)),
    ],
)
def test_any_order_accepts_what_the_reference_does(
    warehouse: Warehouse, seed: int, customers: int, drops: int
) -> None:
    shop = Shop(seed, customers)
    deliver_masters(warehouse)
    warehouse.deliver("stores", {"store_id": "S2"})
    warehouse.deliver("products", {"product_id": "P2", "product_category": "Tea"})
    known = {h.customer_id for h in shop.headers if h.customer_id not in (None, "C1")}
    warehouse.deliver(
        "customer_details", *({"customer_id": key} for key in sorted(map(str, known)))
    )
    for headers, lines in shop.drops(drops):
        warehouse.deliver(HEADER, *headers)
        warehouse.deliver(LINES, *lines)
        warehouse.judge()
        warehouse.check_counts()
    found_headers = warehouse.query(
        f"select transaction_id from accepted.{HEADER} where transaction_type = 'RETURN'"
    )
    found_lines = warehouse.query(
        f"select transaction_id, line_item_id from accepted.{LINES} where transaction_id ~ 'R'"
    )
    expected_headers, expected_lines = shop.accepted_returns()
    assert set(found_lines) == expected_lines
    assert {key for (key,) in found_headers} == expected_headers
    assert 0 < len(expected_lines) < sum(len(shop.lines[h]) for h in shop.lines if "R" in h)
