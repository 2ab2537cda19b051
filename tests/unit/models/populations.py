"""Invented customers whose process is known, as the models' inputs."""

import datetime as dt

import numpy as np
import numpy.typing as npt

from loyalty_lens.models.inputs import FIGURES, Inputs

Floats = npt.NDArray[np.float64]
R, ALPHA, A, B = 0.8, 30.0, 0.7, 6.0  # days
YEAR = 365
WINDOW = 90
CUTOFF = dt.date(2025, 6, 30)


def purchase_days(count: int, days: int, seed: int = 5) -> list[Floats]:
    """Days of purchase of each BG/NBD customer from a first one on, up to `days` after day 0."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(R, 1 / ALPHA, count)
    leaving = rng.beta(A, B, count)
    first = rng.integers(0, days // 2, count)
    found = []
    for rate, leave, day in zip(rates, leaving, first, strict=True):
        times = min(int(rng.geometric(max(leave, 1e-6))), 1000)
        gaps = rng.exponential(1 / max(rate, 1e-9), times)
        later = day + np.ceil(gaps.cumsum())
        found.append(np.unique(np.concatenate([[day], later[later <= days]])))
    return found


def inputs(days: list[Floats], cutoff: int, window: int | None, seed: int = 6) -> Inputs:
    """What is known on day `cutoff` of whoever had bought, and how often they buy in `window`."""
    rng = np.random.default_rng(seed)
    rows = []
    for bought in days:
        known = bought[bought <= cutoff]
        if not len(known):
            continue
        later = bought[(bought > cutoff) & (bought <= cutoff + (window or 0))]
        repeats = len(known) - 1
        mean = float(rng.gamma(8.0, 30 / 8)) if repeats else np.nan
        rows.append(
            {
                "repeat_day_count": repeats,
                "days_to_last": known[-1] - known[0],
                "age_days": cutoff - known[0],
                "recency_days": cutoff - known[-1],
                "recent_day_count": int((known > cutoff - WINDOW).sum()),
                "usual_day_count": repeats,
                "later_day_count": len(later) if window else np.nan,
                "mean_value": mean,
                "usual_mean_value": mean,
                "mean_amount": 30.0,
                "total_amount": 30.0 * len(known),
            }
        )
    date = CUTOFF + dt.timedelta(days=cutoff)
    return Inputs(
        [f"C{number:06}" for number in range(len(rows))],
        {name: np.array([row[name] for row in rows], dtype=np.float64) for name in FIGURES},
        "net revenue",
        date,
        date + dt.timedelta(days=1) if window else None,
        date + dt.timedelta(days=window) if window else None,
    )
