"""The estimator in SQL is that in Python, and its intervals hold the truth as often as they say."""

import datetime as dt
from contextlib import closing

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from psycopg2.extras import execute_values
from scipy import stats

from loyalty_lens.transform.environment import PROJECT
from loyalty_lens.warehouse.connection import connect
from tests.dbt.uplift import DAYS, FIRST_DAY, Panel, Simulated, estimate, simulate
from tests.dbt.warehouse import VERDICTS, Warehouse

LAST_DAY = FIRST_DAY + dt.timedelta(days=DAYS - 1)
PROMOTIONS = 120
MODELS = (
    "promotion_totals",
    "promotion_products",
    "promotion_product_days",
    "promotion_windows+",
)


@pytest.fixture(scope="module")
def marts(warehouse: Warehouse) -> Warehouse:
    """The marts of promotions, without a row."""
    warehouse.build(LAST_DAY, VERDICTS)
    return warehouse


def filled(warehouse: Warehouse, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    """Replaces the rows of a mart, and says so: what reads it does not stand."""
    with closing(connect(warehouse.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"delete from marts.{table}")
        execute_values(cursor, f"insert into marts.{table} ({columns}) values %s", rows)
        cursor.execute(f"analyze marts.{table}")
        cursor.execute("delete from ops.relation_versions where relation = %s", (table,))


def test_quantiles_are_those_of_students_t() -> None:
    lines = (PROJECT / "seeds" / "t_quantiles.csv").read_text("utf-8").splitlines()[1:]
    assert len(lines) == 206
    for line in lines:
        degrees, quantile = line.split(",")
        assert float(quantile) == pytest.approx(stats.t.ppf(0.975, int(degrees)), abs=1e-6)


AMOUNTS = st.decimals(0, 400, places=2).map(float)
SOLD = st.tuples(AMOUNTS, AMOUNTS)


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """One to six stores a side, equal ones among them, of one size or not, paired or not."""
    is_paired = draw(st.booleans())
    treated = draw(st.lists(SOLD, min_size=1, max_size=6))
    size = len(treated)
    control = draw(
        st.lists(SOLD, min_size=size if is_paired else 1, max_size=size if is_paired else 6)
    )
    if draw(st.booleans()):
        control = [treated[number % size] for number in range(len(control))]
    return Panel(tuple(treated), tuple(control), is_paired)


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(panels(), min_size=10, max_size=40))
def test_sql_estimates_as_python_does(marts: Warehouse, drawn: list[Panel]) -> None:
    filled(
        marts,
        "promotion_uplift_stores",
        "promotion_id, arm, store_id, control_kind, is_counted_after, units_before, units_during,"
        " amount_before, amount_during, margin_before, margin_during, points_before,"
        " points_during, plain_units_before, unit_squares_before, unit_squares_during,"
        " costed_amount, known_amount",
        [
            (
                f"P{number}",
                arm,
                f"S{store}" if panel.is_paired else f"{arm}{store}",
                "categories" if panel.is_paired else "stores",
                False,
                *(value for _ in range(4) for value in (before, during)),
                *(0, 0, 0, 0, 1),
            )
            for number, panel in enumerate(drawn)
            for arm, stores in (("treated", panel.treated), ("control", panel.control))
            for store, (before, during) in enumerate(stores)
        ],
    )
    marts.dbt("run", "--select", "promotion_effects", business_date=LAST_DAY)
    found = {
        promotion: row
        for promotion, *row in marts.rows(
            "select promotion_id, method, effect, low_effect, high_effect"
            " from marts.promotion_effects where measure = 'units'"
        )
    }
    assert len(found) == len(drawn)
    for number, panel in enumerate(drawn):
        expected = estimate(panel)
        method, *values = found[f"P{number}"]
        assert method == expected.method
        for value, wanted in zip(
            values, (expected.middle, expected.low, expected.high), strict=True
        ):
            assert (value is None) == (wanted is None)
            if wanted is not None:
                assert float(value) == pytest.approx(wanted, rel=1e-4, abs=1e-4), panel


@pytest.fixture(scope="module")
def simulated(marts: Warehouse) -> Simulated:
    """Verdicts on 120 promotions whose effect is known, from their sales by store and day."""
    made = simulate(PROMOTIONS, seed=20261127)
    marts.load(
        "promotion_details",
        [
            {
                "promotion_id": promotion,
                "start_date": first,
                "end_date": last,
                "discount_percentage": "0.1",
                "applicable_category": category,
            }
            for promotion, category, first, last, _, _ in made.promotions
        ],
        arrival=FIRST_DAY,
    )
    marts.build(LAST_DAY, VERDICTS)
    totals: dict[tuple[object, str], int] = {}
    for date, store, _, sold, *_ in made.cells:
        totals[date, store] = totals.get((date, store), 0) + sold
    filled(
        marts,
        "store_category_days",
        "business_date, store_id, product_category, unit_count, net_amount, coded_amount,"
        " cost_amount, costed_amount, point_count",
        [
            *((*cell, 0, 0) for cell in made.cells),
            *((*key, "ALL", sold, sold * 10, 0, 0, 0, 0) for key, sold in totals.items()),
        ],
    )
    filled(
        marts,
        "promotion_stores",
        "promotion_id, store_id, product_category, line_count, gross_amount, start_date, end_date",
        [
            (promotion, store, category, 1, 1, first, last)
            for promotion, category, first, last, _, stores in made.promotions
            for store in stores
        ],
    )
    marts.dbt("run", "--select", *MODELS, business_date=LAST_DAY)
    return made


def test_the_truth_lies_in_the_interval_ninety_times_in_a_hundred(
    marts: Warehouse, simulated: Simulated
) -> None:
    found = {
        promotion: (float(low), float(high))
        for promotion, low, high in marts.rows(
            "select promotion_id, uplift_ratio_low, uplift_ratio_high from marts.promotion_uplift"
            " where verdict <> 'insufficient data'"
        )
    }
    assert len(found) == PROMOTIONS
    inside = [
        found[promotion][0] <= uplift <= found[promotion][1]
        for promotion, _, _, _, uplift, _ in simulated.promotions
    ]
    assert sum(inside) >= 0.9 * PROMOTIONS
    # An interval from end to end of the world would hold it, too: most are of use.
    width = sorted(high - low for low, high in found.values())[PROMOTIONS // 2]
    assert width < 0.6


def test_a_promotion_without_effect_is_called_so(marts: Warehouse, simulated: Simulated) -> None:
    verdicts = dict(marts.rows("select promotion_id, verdict from marts.promotion_uplift"))
    idle = [verdicts[promotion] for promotion, *_, uplift, _ in simulated.promotions if not uplift]
    assert len(idle) >= 40
    assert idle.count("no effect") >= 0.9 * len(idle) - 2  # one in twenty fails the placebo
    strong = [verdicts[p] for p, *_, uplift, _ in simulated.promotions if uplift >= 0.6]
    assert strong.count("works") >= 0.8 * len(strong)
    assert "works" not in [verdicts[p] for p, *_, uplift, _ in simulated.promotions if uplift < 0]


def test_naive_numbers_would_have_praised_the_idle(marts: Warehouse, simulated: Simulated) -> None:
    naive = dict(marts.rows("select promotion_id, naive_ratio from marts.promotion_uplift"))
    idle = [
        abs(naive[promotion]) for promotion, *_, uplift, _ in simulated.promotions if not uplift
    ]
    assert max(idle) > 0.2
