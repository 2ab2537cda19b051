"""Sales, lines and purchases by changed keys: in the end the rows of a build from nothing."""

import copy
import datetime as dt
import random
from collections.abc import Iterator, Sequence

import pytest

from tests.conftest import NewDatabase
from tests.dbt.histories import FIRST_DAY, History, Row, random_history
from tests.dbt.warehouse import NO_TESTS, Warehouse

TABLES = {
    "clean": (
        *("sales", "sale_lines", "line_amounts", "line_amount_limits", "sale_returns"),
        "customer_history",
    ),
    "marts": (
        *("purchases", "member_days", "returned_lines", "store_category_days", "sales_daily"),
        *("category_sales_daily", "category_daily", "product_daily", "payment_flows"),
        *("sales_trends", "points_ledger", "points_lots", "points_flows", "tier_balances"),
        *("product_affinity", "product_sums", "promotion_performance", "promoted_sales"),
        *("state_measures", "month_end_states", "member_months"),
        *("points_earnings", "points_postings", "points_movements"),
        *("points_lot_sums", "points_movement_sums", "points_liability_daily"),
        "member_visits_daily",
    ),
}
SEGMENTS = (
    *("state_thresholds", "current_states", "segment_states", "segment_memberships"),
    *("segment_stretches", "segment_history", "segment_changes", "segment_migration"),
    *("customer_habits", "cohort_months", "customer_cohorts", "customer_rhythms"),
)
STATES = {
    "marts": (
        *("delivered_last_purchases", "state_measures", "month_end_states", "member_months"),
        *(*SEGMENTS, "segment_validation"),
    )
}
ALL = {**TABLES, "marts": TABLES["marts"] + SEGMENTS}
# Made anew each time, or all of the few rows are others.
SMALL = (
    "member_visits_daily",
    *("line_amounts", "line_amount_limits", "tier_balances"),
    *("product_affinity", "product_sums"),
    *("points_lot_sums", "points_movement_sums", "points_liability_daily"),
)
# Made anew where all accounts are.
OF_ACCOUNTS = (
    *("points_earnings", "points_postings", "points_movements"),
    *("points_ledger", "points_lots", "points_flows", "promotion_performance"),
    *("sales_daily", "sales_trends", "store_category_days", "state_measures", "month_end_states"),
)
PHONE = "31612345678"
LAST = FIRST_DAY + dt.timedelta(days=120)
STATUS = "update ops.load_batches set status = '{}' where batch_id = {}"
REJECT = (
    "insert into reject.{0} (_batch_id, _row_number, _loaded_at, rule_ids, errors)"
    " select _batch_id, _row_number, now(), '{{}}', '[]' from raw.{0}"
    " where _batch_id = {1} and _row_number % 7 = 0"
)
LET_THROUGH = "update reject.{} set status = 'replayed' where _batch_id = {}"
MADE = "select array_agg(distinct cast(cast(xmin as text) as bigint)) from {}"


@pytest.fixture(scope="module")
def history() -> History:
    """Sales, some of guests with a phone that nobody has yet; returns that name no sale; and a few
    sales of a year before, 52 weeks to the day."""
    history = random_history(7, 700)
    dice = random.Random(3)  # noqa: S311
    named = {event.get("transaction_id") for event in history.events}
    for header in history.headers:
        sale = header.get("original_transaction_id") or header["transaction_id"]
        if int(sale[1:]) % 9 == 0 and sale not in named:
            header |= {"customer_id": None, "customer_phone": PHONE, "points_redeemed": None}
    lines = {line["transaction_id"]: line for line in history.lines}
    for header in [*history.headers]:
        if header["transaction_id"] in lines and dice.random() < 0.05:
            line = lines[header["transaction_id"]]
            key = f"{header['transaction_id']}-U"
            later = header["transaction_date"] + dt.timedelta(days=2)
            back = {"transaction_type": "RETURN", "transaction_date": later}
            history.headers.append({**header, **back, "transaction_id": key})
            history.lines.append({**line, "transaction_id": key, "promotion_id": None})
    for number in range(0, 700, 5):
        _sell_a_year_before(history, f"T{number:05d}")
    return history


def _sell_a_year_before(history: History, key: str) -> None:
    past = {"transaction_id": f"Y{key}", "customer_id": None, "points_redeemed": None}
    (header,) = (row for row in history.headers if row["transaction_id"] == key)
    date = header["transaction_date"] - dt.timedelta(days=364)
    history.headers.append({**header, **past, "transaction_date": date})
    history.lines += [
        {**line, "transaction_id": past["transaction_id"], "promotion_id": None}
        for line in history.lines
        if line["transaction_id"] == key
    ]


@pytest.fixture(scope="module")
def warehouse(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("changes"))
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def analyst(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The same database; an analyst's target is always built from nothing, beside the marts."""
    analyst = Warehouse(warehouse.url, tmp_path_factory.mktemp("analyst"))
    analyst.environment |= {"DBT_TARGET": "dev", "USER": "ann"}
    analyst.has_own_process()
    yield analyst
    analyst.close()


def build(warehouse: Warehouse, date: dt.date, models: Sequence[str] = TABLES["marts"]) -> None:
    warehouse.dbt(
        *("build", *NO_TESTS, "--select", "tag:accounts", *(f"+{name}" for name in models)),
        business_date=date,
    )


def content(
    warehouse: Warehouse, prefix: str = "", of: dict[str, tuple[str, ...]] = TABLES
) -> dict[str, list[str]]:
    return {
        table: [
            text
            for (text,) in warehouse.rows(
                f"select cast(t as text) from {prefix}{schema}.{table} as t order by 1"
            )
        ]
        for schema, tables in of.items()
        for table in tables
    }


def assert_as_from_nothing(
    warehouse: Warehouse,
    analyst: Warehouse,
    date: dt.date,
    of: dict[str, tuple[str, ...]] = TABLES,
) -> None:
    build(analyst, date, of["marts"])
    built, expected = content(warehouse, of=of), content(analyst, "dev_ann_", of)
    for table, rows in expected.items():
        assert rows, table
        assert set(rows) ^ set(built[table]) == set(), table
        assert len(rows) == len(built[table]), table


def test_any_change_in_any_order_gives_the_rows_of_a_build_from_nothing(
    warehouse: Warehouse, analyst: Warehouse, history: History
) -> None:
    dates = sorted({header["transaction_date"].date() for header in history.headers})
    days = [date for date in dates if date >= FIRST_DAY]
    late = set(random.Random(5).sample([h["transaction_id"] for h in history.headers], 60))  # noqa: S311
    master = copy.deepcopy(history)
    master.headers, master.lines, master.events = [], [], []
    start = days[45]
    batches: list[tuple[int, int]] = []

    def deliver(headers: list[Row]) -> None:
        keys = {header["transaction_id"] for header in headers}
        lines = [line for line in history.lines if line["transaction_id"] in keys]
        batches.append(
            (
                warehouse.load("store_sales_header", headers),
                warehouse.load("store_sales_line_items", lines),
            )
        )

    def of(first: dt.date, end: dt.date, *, is_late: bool = False) -> list[Row]:
        return [
            header
            for header in history.headers
            if first <= header["transaction_date"].date() < end
            and (header["transaction_id"] in late) == is_late
        ]

    def count(first: dt.date, end: dt.date) -> None:
        stock = [
            {"inventory_date": day, "store_id": "A", "product_id": "P2", "stock_on_hand": day.day}
            for day in days
            if first <= day < end
        ]
        warehouse.load("store_inventory", stock)

    for data_set, rows in {
        "stores": [{"store_id": store, "time_zone": "Asia/Kolkata"} for store in "AB"],
        "customer_details": master.customers,
        "products": master.products,
        "promotion_details": master.promotions,
        "loyalty_rules": master.rules,
    }.items():
        warehouse.load(data_set, rows, arrival=FIRST_DAY)
    deliver(of(dates[0], start))
    count(days[0], start)
    build(warehouse, start, ALL["marts"])
    assert_as_from_nothing(warehouse, analyst, start, ALL)

    def check(date: dt.date, *, anew: Sequence[str] = ()) -> None:
        before = {
            f"{schema}.{table}": set(warehouse.rows(MADE.format(f"{schema}.{table}"))[0][0])
            for schema, tables in TABLES.items()
            for table in tables
            if table not in (*SMALL, *anew)
        }
        build(warehouse, date, ALL["marts"])
        assert_as_from_nothing(warehouse, analyst, date, ALL)
        for table, made in before.items():
            assert made & set(warehouse.rows(MADE.format(table))[0][0]), f"{table} was made anew"

    for day in range(46, 60, 4):  # days that come in their order; nobody sees the day after
        deliver(of(days[day - 1], days[day + 3]))
        count(days[day - 1], days[day + 3])
        check(days[day])
    deliver(of(days[0], days[30], is_late=True))
    check(days[59])
    deliver(of(dates[0], days[0], is_late=True))
    check(days[59])
    warehouse.load("products", [{"product_id": "P1", "product_category": "Ink", "unit_cost": "2"}])
    check(days[59])
    warehouse.load("promotion_details", [{**master.promotions[0], "promotion_id": "HALF"}])
    # It multiplies points: all accounts are reckoned again.
    check(days[59], anew=OF_ACCOUNTS)
    north = {"store_id": "A", "time_zone": "Asia/Kolkata", "store_region": "North"}
    warehouse.load("stores", [{"store_id": "B", "time_zone": "America/Lima"}, north])
    check(days[60])
    warehouse.load("customer_details", [{"customer_id": "C5", "customer_phone": PHONE}])
    check(days[60])
    # A version that comes into view later, and a merge.
    moved = {"customer_id": "C7", "city": "Oslo", "modified_at": LAST - dt.timedelta(days=3)}
    warehouse.load("customer_details", [moved])
    check(days[60])
    warehouse.load("customer_merges", [{"customer_id": "C3", "merged_into": "C1"}])
    check(LAST)
    # A file from before the first one now says who was there from the beginning.
    day_before = FIRST_DAY - dt.timedelta(days=1)
    warehouse.load("customer_details", [{"customer_id": "C9"}], arrival=day_before)
    check(LAST, anew=("customer_history",))
    headers, lines = batches[2]
    warehouse.execute(REJECT.format("store_sales_header", headers))
    warehouse.execute(REJECT.format("store_sales_line_items", headers))
    check(LAST)
    warehouse.execute(STATUS.format("superseded", lines))
    check(LAST)
    warehouse.execute(LET_THROUGH.format("store_sales_header", headers))
    warehouse.execute(STATUS.format("validated", lines))
    check(LAST)
    deliver(of(days[61], LAST) + of(days[30], LAST, is_late=True))
    check(LAST)


def test_states_before_the_first_change_stand(
    warehouse: Warehouse, analyst: Warehouse, history: History
) -> None:
    def made() -> dict[dt.date, set[int]]:
        """State date to the transactions that wrote its rows."""
        states: dict[dt.date, set[int]] = {}
        for date, number in warehouse.rows(
            "select distinct state_date, cast(cast(xmin as text) as bigint)"
            " from marts.month_end_states union"
            " select distinct state_date, cast(cast(xmin as text) as bigint)"
            " from marts.current_states"
        ):
            states.setdefault(date, set()).add(number)
        return states

    def stretches() -> dict[str, set[int]]:
        """Customer to the transactions that wrote their stretches."""
        rows = warehouse.rows(
            "select customer_id, array_agg(cast(cast(xmin as text) as bigint))"
            " from marts.segment_stretches group by customer_id"
        )
        return {customer: set(numbers) for customer, numbers in rows}

    def measures(state: dt.date) -> list[tuple[object, ...]]:
        return warehouse.rows(
            "select customer_id, recency_days, frequency, monetary from marts.segment_states"
            f" where state_date = '{state}' order by customer_id"
        )

    def sell(key: str, date: dt.date, customer: str = "C2", **more: str) -> None:
        header = {"transaction_id": key, "customer_id": customer, "store_id": "A"}
        header |= {"transaction_date": f"{date} 12:00", "total_amount": "900"}
        warehouse.load("store_sales_header", [header | more])

    def standing(date: dt.date) -> set[dt.date]:
        """Builds; the states whose rows were left alone."""
        before = made()
        build(warehouse, date, STATES["marts"])
        assert_as_from_nothing(warehouse, analyst, date, STATES)
        after = made()
        return {state for state in after if after[state] <= before.get(state, set())}

    warehouse.load("loyalty_rules", history.rules, arrival=FIRST_DAY)
    for customer in ("C3", "C4", "ONCE"):
        sell(f"N{customer}", FIRST_DAY, customer)
    details = {"customer_id": "C3", "last_purchase_date": FIRST_DAY + dt.timedelta(days=1)}
    warehouse.load("customer_details", [details], file_date=FIRST_DAY)
    month_end = dt.date(2026, 2, 28)
    build(warehouse, month_end, STATES["marts"])
    assert_as_from_nothing(warehouse, analyst, month_end, STATES)
    past = {state for state in made() if state < month_end}
    assert len(past) > 2
    sell("N1", month_end)
    known = stretches()
    assert standing(month_end) == past
    assert [customer for customer, numbers in stretches().items() if numbers == known[customer]]
    # The month is over: its end, reckoned from the sales up to then, is what customer_rfm said of
    # it, and a year ago is too long ago.
    past -= {dt.date(2025, 2, 28)}
    known_then = measures(month_end)
    sell("N2", month_end + dt.timedelta(days=1))
    assert past <= standing(month_end + dt.timedelta(days=1))
    assert set(measures(month_end)) ^ set(known_then) == set()
    sell("N3", dt.date(2026, 1, 2))
    late = {state for state in past if state < dt.date(2026, 1, 2)}
    assert late
    assert standing(month_end + dt.timedelta(days=1)) == late
    details = {"customer_id": "C4", "last_purchase_date": "2026-02-02"}
    warehouse.load("customer_details", [details], file_date=month_end)
    assert standing(month_end + dt.timedelta(days=3)) == {
        state for state in past if state < dt.date(2026, 2, 2)
    }
    # The day of a sale that is known says nothing new of any state.
    details = {"customer_id": "C2", "last_purchase_date": "2026-01-02"}
    today = month_end + dt.timedelta(days=3)
    warehouse.load("customer_details", [details], file_date=today)
    assert past | {month_end} <= standing(today)
    # A late sale is held against the states before it.
    sell("N4", dt.date(2026, 1, 3), "C3")
    assert standing(today) == {state for state in past if state < dt.date(2026, 1, 3)}
    # Bought before a state and brought back after it: that one is another, the next is not.
    state = sorted(past)[-2]
    sell("N5", state - dt.timedelta(days=3), "ONCE")
    back = {"transaction_type": "RETURN", "original_transaction_id": "N5"}
    sell("R5", state + dt.timedelta(days=3), "ONCE", **back)
    assert standing(today) >= {*past, month_end} - {state}
