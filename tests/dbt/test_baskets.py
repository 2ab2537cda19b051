"""Products bought together: the SQL against plain sets, on random baskets."""

import datetime as dt
from collections import Counter
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extras import execute_values

from tests.dbt.warehouse import Warehouse

TODAY = dt.date(2026, 1, 31)
LEAST, WINDOW = 2, 30
COLUMNS = (
    "transaction_id, line_item_id, product_id, is_return, is_merchandise, business_date,"
    " product_category"
)
# Product, is it a return, is it merchandise, days before today.
LINES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from("abcde"),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([0, 0, 0, 29, 30, -1]),
    ),
    max_size=60,
)
Line = tuple[int, str, bool, bool, int]
Pair = tuple[str, str]


@pytest.fixture(scope="module")
def query(warehouse: Warehouse) -> str:
    """What dbt makes of product_affinity, with limits that small baskets reach."""
    warehouse.build(None, "+product_affinity")
    return warehouse.compiled(
        "product_affinity", affinity_min_baskets=LEAST, affinity_window_days=WINDOW
    )


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=LINES)
def test_pairs_equal_those_of_plain_sets(
    query: str, connection: Connection, lines: list[Line]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from clean.as_of; insert into clean.as_of values (%s)", (TODAY,))
        cursor.execute("truncate clean.sale_lines")
        execute_values(
            cursor,
            f"insert into clean.sale_lines ({COLUMNS}) values %s",
            [
                # A sale is of one day and of one kind.
                (f"{basket}/{age}/{back}", str(n), product, back, goods, _day(age), "Food")
                for n, (basket, product, back, goods, age) in enumerate(lines)
            ],
        )
        cursor.execute(
            "select product_id, other_product_id, basket_count, product_basket_count,"
            " other_basket_count, total_basket_count, support_ratio, confidence_ratio, lift,"
            f" leverage, conviction, lift_rank from ({query}) as pairs"
        )
        found = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
    connection.rollback()
    baskets = _baskets(lines)
    single = Counter(product for basket in baskets for product in basket)
    together = Counter(pair for basket in baskets for pair in permutations(sorted(basket), 2))
    expected = {pair: count for pair, count in together.items() if count >= LEAST}
    assert {pair: row[:4] for pair, row in found.items()} == {
        (one, other): (count, single[one], single[other], len(baskets))
        for (one, other), count in expected.items()
    }
    lifts: dict[Pair, Fraction] = {}
    for (one, other), count in expected.items():
        total = len(baskets)
        confidence, share = Fraction(count, single[one]), Fraction(single[other], total)
        lifts[one, other] = confidence / share
        figures = (
            Fraction(count, total),
            confidence,
            confidence / share,
            Fraction(count, total) - Fraction(single[one] * single[other], total**2),
        )
        assert [float(value) for value in found[one, other][4:8]] == pytest.approx(
            [float(value) for value in figures], abs=1e-6
        )
        conviction = found[one, other][8]
        if confidence == 1:
            assert conviction is None
        else:
            assert float(conviction) == pytest.approx(
                float((1 - share) / (1 - confidence)), abs=1e-6
            )
    for product in single:
        mine = [pair for pair in expected if pair[0] == product]
        mine.sort(key=lambda pair: (-lifts[pair], -expected[pair], pair[1]))
        assert [found[pair][9] for pair in mine] == list(range(1, len(mine) + 1))


def _day(age: int) -> dt.date:
    return TODAY - dt.timedelta(days=age)


def _baskets(lines: list[Line]) -> list[set[str]]:
    """The products of each sale that counts."""
    baskets: dict[tuple[int, int], set[str]] = {}
    for basket, product, back, goods, age in lines:
        if goods and not back and 0 <= age < WINDOW:
            baskets.setdefault((basket, age), set()).add(product)
    return list(baskets.values())
