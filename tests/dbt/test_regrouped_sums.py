"""Sums by what customers are today: after any change they are those of all rows."""

import datetime as dt

import pytest

from tests.dbt.histories import FIRST_DAY, History, Row, random_history
from tests.dbt.warehouse import NO_TESTS, Warehouse

LAST = FIRST_DAY + dt.timedelta(days=120)
STATUS = "update ops.load_batches set status = '{}' where batch_id in {}"
PHONE = "31612345678"
TABLES = ("product_segments", "segment_sales_daily")
# The same sums of all rows; groups are read where they are decided.
EXPECTED = {
    "product_segments": """
        select lines.product_id, coalesce(details.value_segment, 'Guest'), count(*),
            sum(lines.quantity), sum(lines.line_amount)
        from clean.sale_lines as lines
        left join marts.customer_details as details using (customer_id)
        where lines.business_date <= (select business_date from clean.as_of)
        group by 1, 2""",
    "segment_sales_daily": """
        select sales.business_date, stores.store_region, coalesce(segment_name, 'Guest'),
            coalesce(value_segment, 'Guest'), coalesce(tier, 'Guest'), count(*),
            count(*) filter (where not is_return), sum(total_amount)
        from clean.sales as sales
        join marts.store_details as stores using (store_id)
        left join marts.customer_details as details using (customer_id)
        where sales.business_date <= (select business_date from clean.as_of)
        group by 1, 2, 3, 4, 5""",
}


@pytest.fixture(scope="module")
def history() -> History:
    """Sales, some of guests with a phone that nobody has yet."""
    history = random_history(9, 500)
    named = {event.get("transaction_id") for event in history.events}
    for header in history.headers:
        sale = header.get("original_transaction_id") or header["transaction_id"]
        if int(sale[1:6]) % 9 == 0 and sale not in named:
            header |= {"customer_id": None, "customer_phone": PHONE, "points_redeemed": None}
    return history


def test_sums_follow_rows_and_customers(warehouse: Warehouse, history: History) -> None:
    days = sorted({header["transaction_date"].date() for header in history.headers})

    def build(date: dt.date) -> None:
        warehouse.dbt(
            *("build", *NO_TESTS, "--select", "tag:accounts"),
            *(f"+{table}" for table in TABLES),
            business_date=date,
        )

    def relations() -> dict[str, int]:
        """Another number where the table was made anew."""
        return dict(
            warehouse.rows(
                "select relname, cast(oid as bigint) from pg_class"
                f" where relname in {TABLES} and relnamespace = 'marts'::regnamespace"
            )
        )

    def segments() -> set[tuple[str, ...]]:
        return set(warehouse.rows("select * from marts.customer_segments"))

    def check(date: dt.date, *, anew: tuple[str, ...] = ()) -> None:
        before = relations()
        build(date)
        for table, query in EXPECTED.items():
            built = warehouse.rows(f"select * from marts.{table}")
            expected = warehouse.rows(query)
            assert set(built) == set(expected), table
            assert len(built) == len(expected) > 0, table
        assert {table for table, number in relations().items() if before[table] != number} == set(
            anew
        )

    def deliver(headers: list[Row]) -> tuple[int, int]:
        keys = {header["transaction_id"] for header in headers}
        lines = [line for line in history.lines if line["transaction_id"] in keys]
        return (
            warehouse.load("store_sales_header", headers),
            warehouse.load("store_sales_line_items", lines),
        )

    def of(first: int, end: int, part: int) -> list[Row]:
        """Sales of days; a fifth of them (part 1) is late."""
        return [
            header
            for header in history.headers
            if header["transaction_date"].date() in days[first:end]
            and (int(header["transaction_id"][1:6]) % 5 == 0) == (part == 1)
        ]

    for data_set, rows in {
        "stores": [{"store_id": store, "time_zone": "Asia/Kolkata"} for store in "AB"],
        "customer_details": history.customers,
        "products": history.products,
        "promotion_details": history.promotions,
        "loyalty_rules": history.rules,
    }.items():
        warehouse.load(data_set, rows, arrival=FIRST_DAY)
    deliver(of(0, 40, 0))
    build(days[38])
    before = segments()
    check(days[39])  # a day that was there already comes into view
    delivered = deliver(of(40, 50, 0))
    check(days[45])
    check(days[49])
    deliver(of(0, 50, 1))
    check(days[49])
    assert segments() != before
    check(days[49])
    warehouse.execute(STATUS.format("superseded", delivered))
    check(days[49])
    warehouse.execute(STATUS.format("validated", delivered))
    check(days[49])
    warehouse.load("customer_details", [{"customer_id": "C5", "customer_phone": PHONE}])
    check(days[49])
    warehouse.load("customer_merges", [{"customer_id": "C3", "merged_into": "C1"}])
    check(days[50])
    deliver(of(50, len(days), 0))
    check(LAST)
    # Everybody is another one after two months without a sale.
    check(LAST + dt.timedelta(days=60))
    warehouse.load("stores", [{"store_id": "A", "time_zone": "Asia/Kolkata", "store_region": "N"}])
    check(LAST + dt.timedelta(days=60), anew=("segment_sales_daily",))
