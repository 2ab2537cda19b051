"""The leak test of the models: what they know of a past day is what was known on it."""

import datetime as dt
import json
from typing import Any

from tests.dbt.histories import random_history
from tests.dbt.warehouse import Warehouse

FEATURES = (
    "customer_id, repeat_day_count, days_to_last, age_days, recency_days, recent_day_count,"
    " usual_day_count, mean_amount, total_amount, cutoff_date"
)
CUTOFFS = ("holdout", "churn_test", "churn_train")
BASES = ("net", "gross")


def _build(warehouse: Warehouse, basis: str, day: dt.date | None, *select: str) -> None:
    given: dict[str, Any] = {"rfm_monetary_basis": basis, "churn_days": "14"}
    if day:
        given["business_date"] = day.isoformat()
    warehouse.dbt("run", "--select", *select, "--vars", json.dumps(given))


def _features(warehouse: Warehouse, cutoff: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        f"select {FEATURES} from marts.model_inputs where cutoff = '{cutoff}' order by customer_id"
    )


def test_features_of_a_past_day_are_those_of_a_world_without_later_rows(
    warehouse: Warehouse,
) -> None:
    """Returns of later days above all: they take purchases back of which that day still knew."""
    random_history(11, 900).load(warehouse)
    warehouse.build()
    known = {}
    for basis in BASES:
        _build(warehouse, basis, None, "purchases", "model_inputs")
        known |= {(cutoff, basis): _features(warehouse, cutoff) for cutoff in CUTOFFS}
    days = dict(warehouse.rows("select distinct cutoff, cutoff_date from marts.model_inputs"))
    assert all(len(features) > 20 for features in known.values())
    for cutoff in sorted(CUTOFFS, key=lambda name: days[name], reverse=True):
        day = days[cutoff]
        later = f"select _batch_id, _row_number from clean.{{}} where business_date > date '{day}'"
        crossing = (
            "select count(*) from clean.sale_returns as r inner join clean.sales as s"
            " on r.original_transaction_id = s.transaction_id and s.customer_id is not null"
            f" where r.business_date > date '{day}' and s.business_date <= date '{day}'"
        )
        assert warehouse.rows(crossing)[0][0] > 3, cutoff
        for table, data_set in (
            ("sale_lines", "store_sales_line_items"),
            ("sales", "store_sales_header"),
        ):
            warehouse.execute(
                f"delete from raw.{data_set} where (_batch_id, _row_number)"
                f" in ({later.format(table)})"
            )
        _build(warehouse, "net", day, "path:models/clean", "--full-refresh")
        assert warehouse.rows(f"select max(business_date) <= '{day}' from clean.sales") == [(True,)]
        for basis in BASES:
            _build(warehouse, basis, day, "purchases", "model_inputs")
            assert _features(warehouse, "score") == known[cutoff, basis], (cutoff, basis)
