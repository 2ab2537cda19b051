"""What is said of customers, and when nothing is said (semantics section 9 and 13)."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from loyalty_lens.models.churn import FEATURES, churn, features
from loyalty_lens.models.clusters import clusters
from loyalty_lens.models.clv import lifetime_values
from loyalty_lens.models.inputs import Inputs
from tests.unit.models.populations import WINDOW, YEAR, inputs, purchase_days

RATE = 0.01


@pytest.fixture(scope="module")
def days() -> list[np.ndarray]:
    return purchase_days(4000, YEAR)


@pytest.fixture(scope="module")
def now(days: list[np.ndarray]) -> Inputs:
    return inputs(days, YEAR, None)


def test_repeat_purchases_held_out_are_foretold_within_a_tenth(
    days: list[np.ndarray], now: Inputs
) -> None:
    cutoff = YEAR * 3 // 4
    found = lifetime_values(now, inputs(days, cutoff, YEAR - cutoff), RATE)
    (metric,) = found.metrics
    assert (metric.metric, metric.baseline) == ("Predicted / actual", "The pace so far")
    assert 0.9 < metric.value < 1.1
    # As if nobody ever left.
    assert metric.baseline_value > 1.3


def test_who_bought_once_has_no_probability_and_a_value(now: Inputs) -> None:
    found = lifetime_values(now, None, RATE)
    assert [fit.status for fit in found.fits] == ["fitted", "fitted"]
    once = now.columns["repeat_day_count"] == 0
    alive = found.scores["probability_alive"]
    assert np.isnan(alive[once]).all()
    assert ((alive[~once] > 0) & (alive[~once] < 1)).all()
    assert (found.scores["clv_amount"] > 0).all()
    assert set(found.scores["clv_quintile"]) == {1, 2, 3, 4, 5}


def test_discounting_takes_from_the_value_and_never_adds(now: Inputs) -> None:
    whole = lifetime_values(now, None, 0.0).scores
    less = lifetime_values(now, None, RATE).scores
    undiscounted = whole["expected_purchases_365_days"] * whole["expected_amount"]
    assert whole["clv_amount"] == pytest.approx(undiscounted)
    assert (less["clv_amount"] < whole["clv_amount"]).all()


def test_fewer_than_500_who_came_back_are_not_enough(now: Inputs) -> None:
    repeats = np.flatnonzero(now.columns["repeat_day_count"] > 0)[:499]
    few = _part(now, repeats)
    found = lifetime_values(few, None, RATE)
    (fit,) = found.fits
    assert (fit.model, fit.status, fit.customers) == ("BG/NBD", "not enough data", 499)
    assert fit.message == "499 customers came back, 500 are needed"
    assert not found.scores
    assert (
        lifetime_values(
            _part(now, np.flatnonzero(now.columns["repeat_day_count"] > 0)[:500]), None, RATE
        )
        .fits[0]
        .status
        != "not enough data"
    )


def test_suspect_days_are_left_out_of_the_fit_and_count_in_what_is_expected(now: Inputs) -> None:
    """One customer's usual days are cheap; a suspect one makes the mean a thousand times that."""
    rich = int(np.flatnonzero(now.columns["repeat_day_count"] == 3)[0])
    value = now.columns["mean_value"].copy()
    value[rich] *= 1000
    usual = now.columns["usual_day_count"].copy()
    usual[rich] = 2
    suspect = replace(now, columns={**now.columns, "mean_value": value, "usual_day_count": usual})
    before, after = (lifetime_values(i, None, RATE) for i in (now, suspect))
    assert after.fits[1].parameters == pytest.approx(before.fits[1].parameters, rel=0.01)
    expected = [outcome.scores["expected_amount"][rich] for outcome in (before, after)]
    assert expected[1] > 100 * expected[0]


def test_churn_is_judged_on_a_later_day_beside_recency_alone(
    days: list[np.ndarray], now: Inputs
) -> None:
    train = inputs(days, YEAR - 2 * WINDOW, WINDOW)
    test = inputs(days, YEAR - WINDOW, WINDOW)
    found = churn(now, test, train)
    assert [metric.metric for metric in found.metrics] == [
        "AUC", "Precision", "Recall", "F1", "Accuracy", "Brier",
    ]  # fmt: skip
    assert {metric.baseline for metric in found.metrics} == {"Recency alone"}
    assert {(metric.trained_on, metric.tested_on) for metric in found.metrics} == {
        (train.cutoff, test.cutoff)
    }
    values = {metric.metric: (metric.value, metric.baseline_value) for metric in found.metrics}
    assert values["AUC"][0] > values["AUC"][1] + 0.01 > 0.6
    assert values["Brier"][0] < values["Brier"][1] < 0.25
    probabilities = found.scores["churn_probability"]
    assert len(probabilities) == len(now)
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_labels_of_noise_are_not_foretold(days: list[np.ndarray], now: Inputs) -> None:
    """A leak between training and test would show here."""
    rng = np.random.default_rng(1)
    noisy = [
        replace(
            i, columns={**i.columns, "later_day_count": rng.integers(0, 2, len(i)).astype(float)}
        )
        for i in (inputs(days, YEAR - WINDOW, WINDOW), inputs(days, YEAR - 2 * WINDOW, WINDOW))
    ]
    auc = next(m for m in churn(now, *noisy).metrics if m.metric == "AUC")
    assert 0.46 < auc.value < 0.54


def test_features_do_not_know_the_window(days: list[np.ndarray]) -> None:
    test = inputs(days, YEAR - WINDOW, WINDOW)
    other = replace(
        test, columns={**test.columns, "later_day_count": 1 - test.columns["later_day_count"]}
    )
    assert features(test).shape == (len(test), len(FEATURES))
    assert np.array_equal(features(test), features(other))


def test_churn_needs_history_and_both_kinds(days: list[np.ndarray], now: Inputs) -> None:
    test = inputs(days, YEAR - WINDOW, WINDOW)
    (fit,) = churn(now, test, None).fits
    assert fit.status == "not enough data" and "too short" in (fit.message or "")
    everybody_came = replace(test, columns={**test.columns, "later_day_count": np.ones(len(test))})
    (fit,) = churn(now, test, everybody_came).fits
    assert fit.status == "not enough data" and "0 of them stayed away" in (fit.message or "")


def test_clusters_are_numbered_by_revenue_and_the_same_in_every_order(now: Inputs) -> None:
    numbers = clusters(now).scores["cluster_number"]
    revenue = now.columns["total_amount"]
    means = [revenue[numbers == number].mean() for number in sorted(set(numbers))]
    assert sorted(set(numbers)) == list(range(1, len(means) + 1))
    assert means == sorted(means, reverse=True)
    back = clusters(_part(now, np.arange(len(now))[::-1])).scores["cluster_number"][::-1]
    assert (back == numbers).mean() > 0.98


def test_expected_purchases_rank_who_left(days: list[np.ndarray], now: Inputs) -> None:
    """Of those who came back: who buys in the year after has the higher probability alive."""
    longer = purchase_days(4000, 2 * YEAR)
    then = inputs(longer, YEAR, YEAR)
    scores = lifetime_values(then, None, RATE).scores
    again = then.columns["repeat_day_count"] > 0
    came = then.columns["later_day_count"][again] > 0
    assert roc_auc_score(came, scores["probability_alive"][again]) > 0.8


def _part(whole: Inputs, rows: np.ndarray) -> Inputs:
    return replace(
        whole,
        customers=[whole.customers[row] for row in rows],
        columns={name: column[rows] for name, column in whole.columns.items()},
    )
