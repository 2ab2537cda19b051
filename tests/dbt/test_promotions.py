"""Promotions from sales to verdicts, on shops whose figures can be reckoned by hand."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt import comparable
from tests.dbt.warehouse import VERDICTS, Warehouse

SOLD = dt.date(2025, 12, 20)


@pytest.fixture(scope="module")
def shops(warehouse: Warehouse) -> Warehouse:
    comparable.load(warehouse)
    warehouse.build(None, VERDICTS)
    return warehouse


def one(warehouse: Warehouse, columns: str, promotion: str) -> tuple[Any, ...]:
    """Some columns of a promotion's verdict."""
    (row,) = warehouse.rows(
        f"select {columns} from marts.promotion_uplift where promotion_id = '{promotion}'"
    )
    return row


def test_the_goods_with_the_code_are_measured_and_the_rest_is_cannibalised(
    shops: Warehouse,
) -> None:
    assert shops.rows("select product_id from marts.promotion_products order by 1") == [
        ("G1",),
        ("G2",),
    ]
    columns = "scope, verdict, method, control_kind, control_count, before_day_count"
    assert one(shops, columns, "GAMES") == (
        "products",
        "works",
        "log ratio",
        "stores",
        2,
        28,
    )
    # 18 units a week, size and game, three sizes: twice as many sold, at a tenth off; of the
    # third game half as many; of puzzles as many as ever.
    assert one(
        shops,
        "uplift_ratio, incremental_units, incremental_amount, incremental_margin_amount,"
        " cannibalisation_amount, halo_amount, dip_units, placebo_units",
        "GAMES",
    ) == tuple(Decimal(value) for value in ("1", "324", "3888", "2268", "-810", "0", "0", "0"))


def test_weekdays_are_no_effect(shops: Warehouse) -> None:
    """Thursday to Sunday sells more than a week: naive numbers take it for an effect."""
    assert one(
        shops,
        "verdict, pre_post_ratio, uplift_ratio, naive_ratio > 0.15, incremental_margin_amount,"
        " costed_ratio, during_day_count",
        "PUZZLES",
    ) == ("no effect", Decimal(0), Decimal(0), True, None, 0, 4)


def test_what_comes_back_is_taken_off_the_day_of_its_sale(shops: Warehouse) -> None:
    sold = (
        "select sum(unit_count), sum(net_amount), sum(discount_amount), sum(returned_amount),"
        " sum(margin_amount) from marts.promotion_performance where promotion_id = 'GAMES'"
        f" and product_id = 'G1' and store_id = 'D' and business_date = '{SOLD}'"
    )
    during = (
        "select units_during * 21 from marts.promotion_uplift_stores"
        " where promotion_id = 'GAMES' and store_id = 'D'"
    )
    assert shops.rows(sold) == [(16, 144, 16, 0, 64)]
    ((before,),) = shops.rows(during)
    comparable.bring_back(shops, "D", "G1", SOLD, dt.date(2026, 1, 15))
    shops.build(dt.date(2026, 1, 14), VERDICTS)
    assert shops.rows(sold) == [(16, 144, 16, 0, 64)]
    shops.build(None, VERDICTS)
    assert shops.rows(sold) == [(14, 126, 14, 18, 56)]
    ((after,),) = shops.rows(during)
    assert round(before - after, 3) == 2
    assert shops.rows(
        "select totals.net_amount = performance.net_amount from marts.promotion_totals as totals"
        " inner join (select promotion_id, sum(net_amount) as net_amount"
        " from marts.promotion_performance group by 1) as performance using (promotion_id)"
    ) == [(True,), (True,)]


def test_categories_are_compared_where_no_two_stores_are_left(shops: Warehouse) -> None:
    """Puzzles are promoted everywhere: jokes and kites, in the same shops, are not. Games were."""
    shops.execute(
        "update raw.store_sales_line_items set promotion_id = 'PUZZLES' where product_id = 'H1'"
        " and substr(transaction_id, 3) between '2026-01-08' and '2026-01-11'"
    )
    others = ("Jokes", "Kites")
    shops.load("products", [{"product_id": name, "product_category": name} for name in others])
    days = [comparable.FIRST_DAY + dt.timedelta(days=number) for number in range(comparable.DAYS)]
    shops.load(
        "store_sales_line_items",
        [
            {
                "transaction_id": f"{store}-{day}",
                "line_item_id": name,
                "product_id": name,
                "quantity": comparable.units("E", "G3", day),
                "line_item_amount": 2,
            }
            for day in days
            for store in comparable.SIZES
            for name in others
        ],
    )
    shops.dbt("run", "--full-refresh", "--select", VERDICTS)
    columns = "control_kind, control_count, treated_store_count, verdict, uplift_ratio"
    assert one(shops, columns, "PUZZLES") == ("categories", 2, 4, "no effect", 0)
    assert shops.rows(
        "select control_id from marts.promotion_controls where promotion_id = 'PUZZLES' order by 1"
    ) == [("Jokes",), ("Kites",)]
