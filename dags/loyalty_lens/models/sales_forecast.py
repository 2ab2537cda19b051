"""Sales of the next four weeks, day by day, with what they may be between; and how wrong that was.

Exponential smoothing (Hyndman et al., Forecasting with Exponential Smoothing, 2008) with additive
error, damped trend and a season of seven days, by statsmodels (docs/decisions/0030). It knows
weekdays and where the level goes; it knows no holidays, no Christmas, no promotions.
"""

import datetime as dt
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pandas import Series as Column
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from loyalty_lens.models.likelihood import Array
from loyalty_lens.models.results import FITTED, Foretold, Metric, ModelFit, Outcome, not_enough
from loyalty_lens.models.sales_series import ALL, Series

MODEL, BASELINE = "Sales forecast", "The last week again"
WEEK, HORIZON = 7, 28
LEAST_DAYS = 84  # eight weeks to fit on, four to be judged by
FITTED_DAYS = 730  # what lies further back says nothing of the next four weeks
BACK_TESTS = 4  # of all stores; a store is judged once
PATHS, LOW, HIGH = 1000, 0.025, 0.975


@dataclass(frozen=True)
class _Forecast:
    """Days to come: what to expect of each, and ways in which they may go (days x paths)."""

    expected: Array
    paths: Array


@dataclass(frozen=True)
class _Test:
    """What came in the four weeks after a day, beside what was foretold on it."""

    origin: dt.date
    actual: Array
    foretold: _Forecast
    naive: Array


def forecasts(all_series: Sequence[Series]) -> tuple[Outcome, list[Foretold]]:
    """What to expect of every series with a history of twelve weeks, and how well that works."""
    long = [series for series in all_series if len(series) >= LEAST_DAYS]
    if not long:
        days = max((len(series) for series in all_series), default=0)
        message = f"{days} days of sales, {LEAST_DAYS} are needed"
        return not_enough(MODEL, message, 0, "net revenue"), []
    rows: list[Foretold] = []
    tests: dict[bool, list[_Test]] = {True: [], False: []}
    for series in long:
        rows += _rows(series, _forecast(series.amounts))
        tests[series.scope == ALL] += _back_tests(series, BACK_TESTS if series.scope == ALL else 1)
    short = len(all_series) - len(long)
    together = [test for kind in tests.values() for test in kind]
    fit = ModelFit(
        MODEL,
        FITTED,
        len(long),
        f"{short} stores have less than {LEAST_DAYS} days of sales" if short else None,
        "net revenue",
        parameters={"horizon_days": HORIZON, "interval_held": _held(together)},
    )
    metrics = _metrics("WAPE of days", tests[True], 1)
    metrics += _metrics("WAPE of four weeks", tests[True], HORIZON)
    metrics += _metrics("WAPE of days, stores", tests[False], 1)
    return Outcome([fit], metrics), rows


def _forecast(amounts: Array) -> _Forecast:
    history = amounts[-FITTED_DAYS:]
    scale = float(np.abs(history).mean()) or 1.0  # the optimiser steps best around 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: the back-test says what a fit is worth
        fitted = ETSModel(
            Column(history / scale),
            error="add",
            trend="add",
            damped_trend=True,
            seasonal="add",
            seasonal_periods=WEEK,
        ).fit(disp=False, maxiter=200)
        expected = np.asarray(fitted.forecast(HORIZON)) * scale
        paths = fitted.simulate(
            HORIZON, anchor="end", repetitions=PATHS, rng=np.random.default_rng(0)
        )
    return _Forecast(expected, np.asarray(paths) * scale)


def _rows(series: Series, forecast: _Forecast) -> list[Foretold]:
    """Days and weeks; nobody sells less than nothing for long, so 0 is the least."""
    found = []
    for period, length in (("day", 1), ("week", WEEK)):
        expected = forecast.expected.reshape(-1, length).sum(axis=1)
        paths = forecast.paths.reshape(-1, length, forecast.paths.shape[1]).sum(axis=1)
        lower, upper = np.quantile(paths, (LOW, HIGH), axis=1)
        for number, amount in enumerate(expected):
            date = series.date(len(series) + number * length)
            figures = (max(float(each), 0.0) for each in (amount, lower[number], upper[number]))
            found.append(Foretold(series.scope, series.store_id, period, date, *figures))
    return found


def _back_tests(series: Series, most: int) -> list[_Test]:
    """The newest first: each four weeks, foretold from what lies before them alone."""
    found = []
    for number in range(1, most + 1):
        origin = len(series) - number * HORIZON
        if origin < LEAST_DAYS - HORIZON:
            break
        before, after = series.amounts[:origin], series.amounts[origin : origin + HORIZON]
        naive = np.tile(before[-WEEK:], HORIZON // WEEK)
        found.append(_Test(series.date(origin - 1), after, _forecast(before), naive))
    return found


def _metrics(name: str, tests: list[_Test], length: int) -> list[Metric]:
    """Absolute errors over what was sold; none where nothing was."""
    actual = _sums([test.actual for test in tests], length)
    if not tests or not np.abs(actual).sum():
        return []
    foretold = _sums([np.maximum(test.foretold.expected, 0) for test in tests], length)
    naive = _sums([test.naive for test in tests], length)
    value, baseline = (
        float(np.abs(each - actual).sum() / np.abs(actual).sum()) for each in (foretold, naive)
    )
    origins = [test.origin for test in tests]
    return [Metric(MODEL, name, value, BASELINE, baseline, actual.size, min(origins), max(origins))]


def _sums(series: list[Array], length: int) -> Array:
    return np.concatenate(
        [each.reshape(-1, length).sum(axis=1) for each in series or [np.empty(0)]]
    )


def _held(tests: list[_Test]) -> float:
    """The share of days that came to lie in their interval; 0.95 is what it promises."""
    inside = []
    for test in tests:
        lower, upper = np.quantile(test.foretold.paths, (LOW, HIGH), axis=1)
        inside.append((test.actual >= lower) & (test.actual <= upper))
    return float(np.concatenate(inside).mean())
