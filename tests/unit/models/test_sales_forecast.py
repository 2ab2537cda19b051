"""Sales to come: weekdays are kept, intervals hold, and too short a history says so."""

import datetime as dt

import numpy as np
import pytest

from loyalty_lens.models.results import Foretold, Outcome
from loyalty_lens.models.sales_forecast import HORIZON, LEAST_DAYS, forecasts
from loyalty_lens.models.sales_series import ALL, STORE, Series

MONDAY = dt.date(2025, 1, 6)
WEEK = np.array([100.0, 90, 95, 100, 130, 160, 0])  # closed on Sundays


def _series(days: int, noise: float = 0.0, scope: str = ALL, seed: int = 0) -> Series:
    dice = np.random.default_rng(seed)
    amounts = np.tile(WEEK, days // 7 + 1)[:days] * (1 + noise * dice.standard_normal(days))
    return Series(scope, "" if scope == ALL else f"S{seed}", MONDAY, amounts)


def _metrics(outcome: Outcome) -> dict[str, tuple[float, float]]:
    return {each.metric: (each.value, each.baseline_value) for each in outcome.metrics}


def _of(rows: list[Foretold], period: str) -> list[Foretold]:
    return [row for row in rows if row.period == period]


def test_the_pattern_of_the_week_goes_on_from_the_day_after_the_last() -> None:
    outcome, rows = forecasts([_series(140, 0.01)])
    days, weeks = _of(rows, "day"), _of(rows, "week")
    assert [row.period_date for row in days] == [
        MONDAY + dt.timedelta(days=140 + number) for number in range(HORIZON)
    ]
    assert [row.amount for row in days] == pytest.approx(np.tile(WEEK, 4), abs=3)
    assert [row.period_date for row in weeks] == [row.period_date for row in days[::7]]
    for number, week in enumerate(weeks):
        inside = days[7 * number : 7 * number + 7]
        assert week.amount == pytest.approx(sum(day.amount for day in inside), rel=1e-6)
        # Days go wrong each in its own way: a week is surer than its days together.
        assert week.upper - week.lower < sum(day.upper - day.lower for day in inside)
    assert all(0 <= row.lower <= row.amount <= row.upper for row in rows)
    assert outcome.fits[0].status == "fitted"
    assert _metrics(outcome)["WAPE of days"][0] < 0.02


def test_the_same_history_is_foretold_in_the_same_way() -> None:
    assert forecasts([_series(100, 0.1)]) == forecasts([_series(100, 0.1)])


def test_a_history_of_less_than_twelve_weeks_is_not_enough() -> None:
    outcome, rows = forecasts([_series(LEAST_DAYS - 1)])
    assert rows == [] and outcome.metrics == []
    assert outcome.fits[0].status == "not enough data"
    assert outcome.fits[0].message == "83 days of sales, 84 are needed"
    assert forecasts([])[0].fits[0].message == "0 days of sales, 84 are needed"


def test_a_young_store_is_left_out_and_counted() -> None:
    outcome, rows = forecasts([_series(120, 0.1), _series(30, scope=STORE, seed=1)])
    assert {row.scope for row in rows} == {ALL}
    assert outcome.fits[0].message == "1 stores have less than 84 days of sales"


def test_the_baseline_repeats_the_last_week_and_errors_are_over_what_was_sold() -> None:
    """Eight weeks of 10 a day, then four of 15: the last week again is wrong by a third."""
    amounts = np.concatenate([np.full(56, 10.0), np.full(28, 15.0)])
    outcome, _ = forecasts([Series(ALL, "", MONDAY, amounts)])
    (days, weeks) = outcome.metrics
    assert (days.metric, days.baseline, days.customers) == (
        "WAPE of days",
        "The last week again",
        28,
    )
    assert days.baseline_value == pytest.approx(1 / 3)
    assert weeks.baseline_value == pytest.approx(1 / 3)
    assert days.tested_on == MONDAY + dt.timedelta(days=55)
    assert days.value == pytest.approx(1 / 3, abs=0.01), "nothing foretold the step"


def test_what_is_judged_was_not_known_when_it_was_foretold() -> None:
    """The newest four weeks may be anything: what was foretold for them stays the same."""
    series = _series(84, 0.05)
    errors = []
    for factor in (1.0, 3.0):
        amounts = series.amounts.copy()
        amounts[56:] = factor * amounts[56:]
        (days, _) = forecasts([Series(ALL, "", MONDAY, amounts)])[0].metrics
        errors.append(days.value * amounts[56:].sum())
    growth = 2 * series.amounts[56:].sum()
    assert errors[1] == pytest.approx(growth, rel=0.1)


def test_days_lie_in_their_interval_as_often_as_it_promises() -> None:
    many = [_series(180, 0.1, STORE, seed) for seed in range(24)]
    held = forecasts(many)[0].fits[0].parameters["interval_held"]
    assert 0.9 <= held <= 0.99


def test_a_store_that_sells_nothing_is_no_reason_to_stop() -> None:
    outcome, rows = forecasts([Series(STORE, "S", MONDAY, np.zeros(100))])
    assert {row.amount for row in rows} == {0.0}
    assert outcome.metrics == []
