"""The estimator of uplift in plain Python, and panels to try it on."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Units a day of each store, before and during; with categories as controls, stores pair up."""

    treated: tuple[tuple[float, float], ...]
    control: tuple[tuple[float, float], ...]
    is_paired: bool = False


@dataclass(frozen=True)
class Effect:
    """What the promotion added a store and day, with its interval; None: no spread to tell by."""

    method: str
    middle: float
    low: float | None
    high: float | None


def estimate(panel: Panel, tolerance: float = 0.1) -> Effect:
    """Difference in differences, each store one observation (docs/promotions.md)."""
    treated, control = np.array(panel.treated).T, np.array(panel.control).T
    (t0, t1), (c0, c1) = treated.mean(axis=1), control.mean(axis=1)
    if t0 > 0 and c0 > 0 and abs(t0 / c0 - 1) > tolerance:
        method = "log ratio" if t1 > 0 and c1 > 0 else "counterfactual"
    else:
        method = "difference"
    if method == "difference":
        middle = t1 - t0 - c1 + c0
        of_treated, of_control = treated[1] - treated[0], -(control[1] - control[0])
    elif method == "counterfactual":
        growth = c1 / c0
        middle = t1 - t0 * growth
        of_treated = treated[1] - treated[0] * growth
        of_control = -(control[1] - control[0] * growth) * t0 / c0
    else:
        middle = np.log(t1 / t0) - np.log(c1 / c0)
        of_treated = treated[1] / t1 - treated[0] / t0
        of_control = control[0] / c0 - control[1] / c1
    spread = _spread(of_treated, of_control, panel.is_paired, c0 / t0 if t0 else 1.0)

    def scaled(value: float) -> float:
        return float(
            t1 * (1 - np.exp(-np.clip(value, -20, 20))) if method == "log ratio" else value
        )

    if spread is None:
        return Effect(method, scaled(middle), None, None)
    error, degrees = spread
    width = error * (stats.t.ppf(0.975, _tabled(degrees)) if error else 0.0)
    return Effect(method, scaled(middle), scaled(middle - width), scaled(middle + width))


def _spread(
    treated: Floats, control: Floats, is_paired: bool, smaller: float
) -> tuple[float, float] | None:
    """Standard error and degrees of freedom."""
    if is_paired:
        both = treated + control
        if len(both) < 2:
            return None
        return float(np.sqrt(both.var(ddof=1) / len(both))), len(both) - 1
    if len(control) < 2:
        return None
    of_control = control.var(ddof=1) / len(control)
    if len(treated) == 1:
        stand_in = control.var(ddof=1) * max(smaller, 1.0)
        return float(np.sqrt(of_control + stand_in)), len(control) - 1
    of_treated = treated.var(ddof=1) / len(treated)
    total = of_treated + of_control
    parts = of_treated**2 / (len(treated) - 1) + of_control**2 / (len(control) - 1)
    return float(np.sqrt(total)), float(total**2 / parts) if parts else 1.0


def _tabled(degrees: float) -> float:
    """Of the degrees of freedom in the seed, the next below."""
    known = [*range(1, 201), 250, 300, 400, 500, 1000, 10_000]
    return max(value for value in known if value <= degrees + 1e-9)


@dataclass(frozen=True)
class Simulated:
    """Sales by store, category and day, each category with one promotion whose effect is known."""

    cells: list[tuple[dt.date, str, str, int, float, float, float]]
    promotions: list[tuple[str, str, dt.date, dt.date, float, tuple[str, ...]]]


UPLIFTS = (0.0, 0.4, 0.0, 0.2, -0.15, 0.6)
LENGTHS = (7, 10, 14, 21)
STORES, DAYS, FIRST_DAY = 16, 70, dt.date(2025, 10, 6)
SPREAD = 0.12  # of a store's weeks, beyond chance


def simulate(count: int, seed: int) -> Simulated:
    """`count` promotions: stores of many sizes, weekdays, a common season, weeks of their own."""
    rng = np.random.default_rng(seed)
    cells: list[tuple[dt.date, str, str, int, float, float, float]] = []
    promotions: list[tuple[str, str, dt.date, dt.date, float, tuple[str, ...]]] = []
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8])
    for number in range(count):
        name = f"K{number:03d}"
        uplift = UPLIFTS[number % len(UPLIFTS)]
        length = LENGTHS[number % len(LENGTHS)]
        start = int(rng.integers(30, DAYS - length))
        size = rng.lognormal(2.2, 0.5, STORES)
        season = 1 + 0.3 * np.sin((np.arange(DAYS) + rng.integers(0, 60)) / 15)
        own = rng.gamma(1 / SPREAD**2, SPREAD**2, (STORES, DAYS // 7))
        treated = rng.permutation(STORES)[: int(rng.integers(3, 9))]
        mean = size[:, None] * season * np.tile(week, DAYS // 7) * np.repeat(own, 7, axis=1)
        mean[treated, start : start + length] *= 1 + uplift
        units = rng.poisson(mean)
        first, last = (FIRST_DAY + dt.timedelta(days=day) for day in (start, start + length - 1))
        for store in range(STORES):
            is_treated = store in treated
            for day in range(DAYS):
                is_promoted = is_treated and start <= day < start + length
                sold = int(units[store, day])
                amount = sold * (9.0 if is_promoted else 10.0)
                date = FIRST_DAY + dt.timedelta(days=day)
                coded = amount if is_promoted else 0.0
                cells.append((date, f"S{store:02d}", name, sold, amount, coded, 0.0))
        stores = tuple(f"S{store:02d}" for store in sorted(treated))
        promotions.append((name, name, first, last, uplift, stores))
    return Simulated(cells, promotions)
