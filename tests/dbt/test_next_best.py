"""What to offer next: the SQL, which counts buyers of few products only, against plain counting."""

import datetime as dt
import random
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extras import execute_values

from tests.dbt.warehouse import Warehouse

TODAY = dt.date(2026, 1, 31)
COUNT, RECENT_DAYS, CAUTION, POPULAR = 3, 90, 20, 12
# Of ten baskets with the first product, so many have the second.
PAIRS = {("P00", "P01"): 8, ("P02", "P15"): 9, ("P02", "P01"): 3, ("P03", "P99"): 5}
Sold = list[tuple[str, str, int]]  # customer, product, days before today
Offer = tuple[str, int, str, str | None, float]


@pytest.fixture(scope="module")
def query(warehouse: Warehouse) -> str:
    warehouse.build(None, "+next_best_product")
    return warehouse.compiled(
        "next_best_product", next_best_count=COUNT, next_best_recent_days=RECENT_DAYS
    )


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_offers_equal_those_of_counting_all_buyers(
    query: str, connection: Connection, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311
    segments = {f"C{n}": dice.choice("AAB") for n in range(dice.randint(1, 14))}
    people = [*segments, "Nobody"]
    sold: Sold = []
    for _ in range(dice.randint(0, 90)):
        customer, product = dice.choice(people), f"P{dice.randint(0, 19):02d}"
        # Some buy the same again and again: lines say less of buyers then.
        for _ in range(dice.choice([1, 1, 1, 2, 9])):
            sold.append((customer, product, dice.choice([0, 5, 89, 90, -1])))
    with connection.cursor() as cursor:
        cursor.execute("delete from clean.as_of; insert into clean.as_of values (%s)", (TODAY,))
        cursor.execute("truncate clean.sale_lines, marts.current_states, marts.product_affinity")
        execute_values(
            cursor,
            "insert into clean.sale_lines (transaction_id, line_item_id, customer_id, product_id,"
            " is_return, is_merchandise, business_date, product_category) values %s",
            [
                (str(n), "1", customer, product, False, True, TODAY - dt.timedelta(age), "Food")
                for n, (customer, product, age) in enumerate(sold)
            ],
        )
        _fill(
            cursor,
            "marts.current_states",
            "state_date, customer_id, value_segment",
            [(TODAY, customer, segment) for customer, segment in segments.items()],
        )
        _fill(
            cursor,
            "marts.product_affinity",
            "product_id, other_product_id, basket_count, product_basket_count, lift",
            [(*pair, baskets, 10, 2) for pair, baskets in PAIRS.items()],
        )
        cursor.execute(
            "select customer_id, suggestion_rank, product_id, because_of_product_id,"
            f" strength_ratio + popularity_ratio from ({query}) as offers order by 1, 2"
        )
        found = cursor.fetchall()
    connection.rollback()
    expected = _offers(segments, sold)
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    assert [float(row[4]) for row in found] == pytest.approx([row[4] for row in expected], abs=2e-6)


def _fill(cursor: Cursor, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    """Rows of which only some columns matter: the others may be missing here."""
    cursor.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and attnotnull",
        (table,),
    )
    for (column,) in cursor.fetchall():
        cursor.execute(f"alter table {table} alter column {column} drop not null")
    execute_values(cursor, f"insert into {table} ({columns}) values %s", rows)


def _offers(segments: dict[str, str], sold: Sold) -> list[Offer]:
    has: dict[str, set[str]] = {customer: set() for customer in segments}
    for customer, product, age in sold:
        if customer in has and 0 <= age < RECENT_DAYS:
            has[customer].add(product)
    offers: list[Offer] = []
    for customer, segment in sorted(segments.items()):
        members = [other for other in segments if segments[other] == segment]
        buyers = {
            product: sum(product in has[member] for member in members)
            for product in {product for member in members for product in has[member]}
        }
        popularity = {product: Fraction(count, len(members)) for product, count in buyers.items()}
        popular = sorted(buyers, key=lambda product: (-buyers[product], product))[:POPULAR]
        best: dict[str, tuple[Fraction, str | None]] = {}
        for (product, other), baskets in sorted(PAIRS.items()):
            strength = Fraction(baskets, 10 + CAUTION)
            is_reason = product in has[customer] and other not in has[customer]
            if is_reason and (other not in best or strength > best[other][0]):
                best[other] = (strength, product)
        for product in popular:
            if product not in has[customer]:
                best.setdefault(product, (Fraction(0), None))
        ranked = sorted(
            (
                (-(strength + popularity.get(product, 0)), product, because)
                for product, (strength, because) in best.items()
            ),
            key=lambda offer: offer[:2],
        )
        offers += [
            (customer, rank, product, because, float(-score))
            for rank, (score, product, because) in enumerate(ranked[:COUNT], 1)
        ]
    return offers
