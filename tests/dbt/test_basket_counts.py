"""Baskets counted by what came and went: after any change the counts are those of plain sets."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable
from itertools import combinations

from tests.dbt.warehouse import NO_TESTS, Warehouse

FIRST_DAY = dt.date(2026, 1, 1)
WINDOW, LEAST = 10, 6
VARS = (
    f"affinity_window_days: {WINDOW}, affinity_min_baskets: {LEAST}, affinity_min_support: 0.0001"
)
PRODUCTS = "abcdefgh"
STATUS = "update ops.load_batches set status = '{}' where batch_id in {}"

Baskets = dict[str, tuple[dt.date, set[str]]]
Itemsets = Counter[tuple[str, str]]


def build(warehouse: Warehouse, date: dt.date) -> None:
    given = f"{{business_date: '{date}', {VARS}}}"
    warehouse.dbt("build", *NO_TESTS, "--select", "+product_affinity", "--vars", given)


def deliver(warehouse: Warehouse, baskets: Baskets) -> tuple[int, int]:
    """The batches of sales, a line per product."""
    headers = [
        {"transaction_id": key, "store_id": "A", "transaction_date": f"{date} 12:00"}
        | {"transaction_type": "SALE", "total_amount": 2 * len(products)}
        for key, (date, products) in baskets.items()
    ]
    lines = [
        {"transaction_id": key, "line_item_id": f"{key}-{product}", "product_id": product}
        | {"quantity": 1, "line_item_amount": 2}
        for key, (_, products) in baskets.items()
        for product in sorted(products)
    ]
    return (
        warehouse.load("store_sales_header", headers),
        warehouse.load("store_sales_line_items", lines),
    )


def counted(baskets: Iterable[tuple[dt.date, set[str]]], today: dt.date) -> Itemsets:
    """Baskets of the window: of all, of each product, of each two."""
    counts: Itemsets = Counter()
    for date, products in baskets:
        if today - dt.timedelta(days=WINDOW) < date <= today:
            counts["", ""] += 1
            counts.update((product, "") for product in products)
            counts.update(combinations(sorted(products), 2))
    return counts


def whole_counts(warehouse: Warehouse) -> int:
    """Another number after each counting of all baskets, which empties the table."""
    return int(warehouse.rows("select pg_relation_filenode('ops.basket_counting')")[0][0])


def assert_counted(warehouse: Warehouse, baskets: Baskets, today: dt.date) -> None:
    expected = counted(baskets.values(), today)
    kept = {
        (product, other): count
        for product, other, count in warehouse.rows("select * from ops.basket_counts")
    }
    assert {key: count for key, count in kept.items() if not key[1]} == {
        key: count for key, count in expected.items() if not key[1]
    }
    pairs = {key: count for key, count in kept.items() if key[1]}
    assert pairs == {key: expected[key] for key in pairs}
    assert {
        (product, other): count
        for product, other, count in warehouse.rows(
            "select product_id, other_product_id, basket_count from marts.product_affinity"
            " where product_id < other_product_id"
        )
    } == {key: count for key, count in expected.items() if key[1] and count >= LEAST}


def test_counts_follow_baskets_that_come_go_and_change(warehouse: Warehouse) -> None:
    dice = random.Random(11)  # noqa: S311

    def day(number: int) -> dt.date:
        return FIRST_DAY + dt.timedelta(days=number)

    def some(number: int, count: int, prefix: str = "T") -> Baskets:
        """Baskets of a day; two products are in many of them, the others meet by chance."""
        return {
            f"{prefix}{number:02d}{n:02d}": (
                day(number),
                set(dice.sample(PRODUCTS, dice.choice([1, 2, 2, 3])))
                | (set("ab") if dice.random() < 0.4 else set()),
            )
            for n in range(count)
        }

    known: Baskets = {}
    warehouse.load("stores", [{"store_id": "A", "time_zone": "UTC"}], arrival=FIRST_DAY)
    products = [{"product_id": product, "product_name": product} for product in PRODUCTS + "xyz"]
    warehouse.load("products", products, arrival=FIRST_DAY)
    for number in range(10):
        known |= some(number, 12)
    deliver(warehouse, known)
    build(warehouse, day(9))
    assert_counted(warehouse, known, day(9))
    by_whole = whole_counts(warehouse)

    def step(today: dt.date, *, is_whole: bool = False) -> None:
        nonlocal by_whole
        build(warehouse, today)
        assert_counted(warehouse, known, today)
        before, by_whole = by_whole, whole_counts(warehouse)
        assert (before != by_whole) == is_whole

    batches: list[tuple[tuple[int, int], Baskets]] = []
    for number in range(10, 16):  # each day one comes into the window and one leaves it
        new = some(number, 12)
        # Of a day that has left it, or will come; and one whose lines are spread over two files.
        new |= some(number - WINDOW - 1, 1, "OLD") | some(number + 2, 2, "SOON")
        known |= new
        batches.append((deliver(warehouse, new), new))
        step(day(number))
    more = {key: (date, {"c"} - seen) for key, (date, seen) in list(batches[-1][1].items())[:5]}
    lines = [
        {"transaction_id": key, "line_item_id": f"{key}-more", "product_id": product}
        | {"quantity": 1, "line_item_amount": 2}
        for key, (_, added) in more.items()
        for product in added
    ]
    warehouse.load("store_sales_line_items", lines)
    known |= {key: (date, known[key][1] | added) for key, (date, added) in more.items()}
    step(day(15))
    step(day(15))  # nothing has changed
    step(day(18))  # three days go by without a sale but those that were known already
    delivered, gone = batches[3]
    warehouse.execute(STATUS.format("superseded", delivered))
    before, known = known, {key: basket for key, basket in known.items() if key not in gone}
    step(day(18))
    warehouse.execute(STATUS.format("validated", delivered))
    known = before
    step(day(18))
    bag = {"product_id": "b", "is_merchandise": "false"}
    warehouse.load("products", [bag], arrival=day(18))
    known = {key: (date, products - {"b"}) for key, (date, products) in known.items()}
    known = {key: basket for key, basket in known.items() if basket[1]}
    step(day(18))
    # Two that nobody bought together before: once is no news; so often they may have come to count.
    new = {"XY": (day(19), set("xy"))}
    known |= new
    deliver(warehouse, new)
    step(day(19))
    new = {f"XY{n}": (day(19), set("xy")) for n in range(LEAST - 1)}
    known |= new
    deliver(warehouse, new)
    step(day(19), is_whole=True)
    assert counted(known.values(), day(19))["x", "y"] == LEAST
