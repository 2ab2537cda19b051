"""The models on a generated shop: what was planted is found, and what they write fits in."""

import csv
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.models import run_models
from loyalty_lens.pipeline.run import NO_DATE, run
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.connection import connect
from seeds_generator import generate
from seeds_generator.calendar import build_calendar
from seeds_generator.presets import PRESETS
from tests.conftest import NewDatabase
from tests.helpers.shared import shared_workers

SHOP = replace(
    PRESETS["demo"],
    customers=1100,
    stores=4,
    products=90,
    promotions=2,
    ahead_days=0,
    defect_rate=0.0,
    late_rate=0.0,
    lines_per_sale=1.2,
)
SCORES = "select md5(string_agg(cast(s as text), '' order by customer_id)) from marts.{} as s"


class Shop:
    """The generated files, their truth, the warehouse made of them, and what the models said."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.truth = folder / "truth"
        generate(SHOP, folder / "landing", truth=self.truth)
        self.settings = replace(
            Settings.from_environment(
                {"LENS_HOME": str(folder / "home"), "LENS_SETTLE_SECONDS": "0"}
            ),
            database_url=url,
            landing=folder / "landing",
        )
        with shared_workers(self.settings, url) as workers:
            run(self.settings, url, NO_DATE, workers)
            with only_run(url):
                self.found = run_models(self.settings, url, workers)
            self.before_build = self.scores()
            build(url, workers.dbt, "all", run_id=None, business_date=None)

    def rows(self, query: str, role: str | None = None) -> list[tuple[Any, ...]]:
        with closing(connect(self.url)) as connection, connection.cursor() as cursor:
            if role:  # let in for this transaction, which is rolled back
                cursor.execute(f"grant {role} to current_user; set local role {role}")
            cursor.execute(query)
            return cursor.fetchall()

    def scores(self) -> list[tuple[Any, ...]]:
        """A hash of each mart of scores."""
        names = ("customer_clv", "customer_churn", "customer_clusters")
        return [self.rows(SCORES.format(name))[0] for name in names]


@pytest.fixture(scope="module")
def shop(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("models"), new_database())


def test_every_buyer_is_scored_and_every_model_fitted(shop: Shop) -> None:
    assert {fit["model"]: fit["status"] for fit in shop.found["fits"]} == dict.fromkeys(
        (
            *("BG/NBD", "Gamma-Gamma", "Churn", "Clusters"),
            *("Sales forecast", "Next best product"),
        ),
        "fitted",
    )
    ((buyers,),) = shop.rows("select count(*) from marts.customer_rfm")
    for mart in ("customer_clv", "customer_churn", "customer_clusters"):
        assert shop.rows(f"select count(*) from marts.{mart}") == [(buyers,)]
    assert shop.found["customers"] == buyers


def test_scores_outlive_a_build(shop: Shop) -> None:
    assert shop.scores() == shop.before_build


def test_dashboards_may_read_what_the_models_say(shop: Shop) -> None:
    scores = ("customer_clv", "customer_churn", "customer_clusters")
    for mart in (*scores, "model_metrics", "sales_forecast"):
        assert shop.rows(f"select * from marts.{mart} limit 1", role="lens_bi")
    assert shop.rows("select model, parameters from marts.model_fits", role="lens_bi")


def test_who_bought_once_is_never_shown_as_loyal(shop: Shop) -> None:
    assert shop.rows(
        "select distinct standing, probability_alive from marts.customer_clv"
        " where purchase_day_count = 1"
    ) == [("Bought once", None)]
    assert shop.rows(
        "select count(*) from marts.customer_clv where probability_alive > 0.9999"
    ) == [(0,)]


def test_amounts_are_margin_because_costs_are_known(shop: Shop) -> None:
    assert shop.rows("select distinct value_basis from marts.customer_clv") == [("net margin",)]


def test_true_drop_outs_rank(shop: Shop) -> None:
    """Of those who came back, and of all: who was made to leave has the lower scores."""
    with (shop.truth / "customers.csv").open(encoding="utf-8", newline="") as stream:
        dropped = {row["customer_id"] for row in csv.DictReader(stream) if row["dropped_on"]}
    rows = shop.rows(
        "select clv.customer_id, clv.probability_alive, clv.expected_purchases_365_days,"
        " churn.churn_probability from marts.customer_clv as clv"
        " inner join marts.customer_churn as churn on clv.customer_id = churn.customer_id"
    )
    gone = np.array([row[0] in dropped for row in rows])
    alive, expected, churn = (
        np.array([row[place] for row in rows], dtype=float) for place in (1, 2, 3)
    )
    again = ~np.isnan(alive)
    assert 50 < gone[again].sum() < again.sum() - 50
    assert roc_auc_score(gone[again], -alive[again]) > 0.8
    assert roc_auc_score(gone, -expected) > 0.7
    assert roc_auc_score(gone, churn) > 0.7


def test_repeat_purchases_held_out_are_foretold_within_a_tenth(shop: Shop) -> None:
    """But for the season, which the generator plants and the model does not know of."""
    ((ratio, cutoff),) = shop.rows(
        "select metric_value, tested_on_date from marts.model_metrics where model = 'BG/NBD'"
    )
    calendar = build_calendar(SHOP)
    day = (cutoff - calendar.first).days
    busyness = calendar.busyness[: SHOP.total_days]
    season = busyness[day + 1 :].mean() / busyness[: day + 1].mean()
    assert season > 1.05
    assert 0.9 < float(ratio) * season < 1.1


def test_churn_model_beats_recency_alone(shop: Shop) -> None:
    metrics = {
        name: (float(value), float(baseline), better)
        for name, value, baseline, better in shop.rows(
            "select metric, metric_value, baseline_value, is_better_than_baseline"
            " from marts.model_metrics where model = 'Churn' and is_current"
        )
    }
    assert set(metrics) == {"AUC", "Precision", "Recall", "F1", "Accuracy", "Brier"}
    assert metrics["AUC"][0] > 0.8 and metrics["AUC"][2]
    assert metrics["Brier"][0] < 0.2 and metrics["Brier"][2]
    ((trained, tested, known_until),) = shop.rows(
        "select distinct trained_on_date, tested_on_date, business_date"
        " from marts.model_metrics where model = 'Churn'"
    )
    # 90 days and a gap of 7 lie between learning and judging, and again before today.
    assert ((tested - trained).days, (known_until - tested).days) == (97, 97)


def test_standard_errors_are_kept_with_the_parameters(shop: Shop) -> None:
    fits = {
        model: (parameters, errors)
        for model, parameters, errors in shop.rows(
            "select model, parameters, standard_errors from marts.model_fits"
        )
    }
    assert set(fits["BG/NBD"][0]) == set(fits["BG/NBD"][1]) == {"r", "alpha", "a", "b"}
    parameters, errors = fits["Gamma-Gamma"]
    assert set(parameters) - {"correlation"} == set(errors) == {"p", "q", "v"}
    assert abs(parameters["correlation"]) < 0.2
    assert all(0 < error < 10 for error in fits["BG/NBD"][1].values())


def test_the_same_again_says_the_same(shop: Shop) -> None:
    forecast = "select scope, store_id, period, period_date, forecast_amount, upper_amount from"
    forecast += " marts.sales_forecast order by 1, 2, 3, 4"
    before, foretold = shop.scores(), shop.rows(forecast)
    with shared_workers(shop.settings, shop.url) as workers, only_run(shop.url):
        run_models(shop.settings, shop.url, workers)
    assert shop.scores() == before
    assert shop.rows(forecast) == foretold
    assert shop.rows("select count(*) from ops.model_fits") == [(6,)]


def test_four_weeks_are_foretold_of_all_stores_and_of_each(shop: Shop) -> None:
    ((stores,),) = shop.rows("select count(*) from marts.store_details")
    rows = shop.rows(
        "select scope, period, count(*), count(distinct store_id),"
        " min(period_date - business_date),"
        " max(period_date - business_date) from marts.sales_forecast group by 1, 2 order by 1, 2"
    )
    assert rows == [
        ("all", "day", 28, 1, 1, 28),
        ("all", "week", 4, 1, 1, 22),
        ("store", "day", 28 * stores, stores, 1, 28),
        ("store", "week", 4 * stores, stores, 1, 22),
    ]
    assert shop.rows(
        "select metric, is_better_than_baseline from marts.model_metrics"
        " where model = 'Sales forecast' and metric = 'WAPE of days'"
    ) == [("WAPE of days", True)]


def test_what_to_offer_next_is_judged_beside_what_most_bought(shop: Shop) -> None:
    """It need not win here: what invented customers buy next follows their own taste alone."""
    ((value, baseline, is_better, days),) = shop.rows(
        "select metric_value, baseline_value, is_better_than_baseline,"
        " business_date - tested_on_date"
        " from marts.model_metrics where model = 'Next best product' and metric = 'Hit rate'"
    )
    assert 0 < value < 1 and 0 < baseline < 1
    assert is_better == (value > baseline)
    assert 28 <= days < 28 + 31
    assert shop.rows(
        "select max(suggestion_rank) from marts.next_best_product as suggested inner join"
        " marts.customer_rfm using (customer_id)"
    ) == [(3,)]
