"""BG/NBD: how often customers come back, and when they stop (Fader, Hardie and Lee 2005).

All functions take arrays of one entry per customer: `x` repeat purchase periods, `t_x` from the
first purchase to the last, `age` (T) from the first to the as-of date, in one unit of time.
"""

import numpy as np
from scipy.special import digamma, gammaln, hyp2f1

from loyalty_lens.models.histories import distinct
from loyalty_lens.models.likelihood import Array, Fit, maximise


def fit(x: Array, t_x: Array, age: Array) -> Fit:
    """The parameters r, alpha (in the unit of time), a and b by maximum likelihood."""
    # Equal histories are reckoned once; so are gamma functions, which depend on x alone.
    (x, t_x, age), customers = distinct(x, t_x, age)
    counts = np.bincount(customers)
    (numbers,), place = distinct(x)
    weights = np.bincount(place, counts)

    def log_likelihood(parameters: Array) -> tuple[float, Array]:
        """Their equation 6 and its derivatives."""
        r, alpha, a, b = parameters
        log_age, log_last = np.log(alpha + age), np.log(alpha + t_x)
        still_there = -(r + x) * log_age
        dropped_out = np.where(
            x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * log_last, -np.inf
        )
        either = np.logaddexp(still_there, dropped_out)
        out = np.exp(dropped_out - either) * counts
        there = counts - out
        of_numbers = (
            gammaln(r + numbers)
            - gammaln(r)
            + gammaln(a + b)
            - gammaln(a + b + numbers)
            + gammaln(b + numbers)
            - gammaln(b)
        )
        total = float(weights.sum())
        by_a = total * digamma(a + b) - weights @ digamma(a + b + numbers)
        slope = np.array(
            [
                weights @ (digamma(r + numbers) - digamma(r))
                + total * np.log(alpha)
                - there @ log_age
                - out @ log_last,
                total * r / alpha
                - (there * (r + x)) @ (1 / (alpha + age))
                - (out * (r + x)) @ (1 / (alpha + t_x)),
                by_a + out.sum() / a,
                by_a
                + weights @ (digamma(b + numbers) - digamma(b))
                - out @ (1 / (b + np.maximum(x, 1) - 1)),
            ]
        )
        return float(weights @ of_numbers + total * r * np.log(alpha) + counts @ either), slope

    total = int(counts.sum())
    mean_age = float(counts @ age) / total or 1.0
    return maximise(log_likelihood, {"r": 1.0, "alpha": mean_age / 3, "a": 1.0, "b": 3.0}, total)


def probability_alive(parameters: Array, x: Array, t_x: Array, age: Array) -> Array:
    """The probability that a customer will buy again at all; 1 by construction where x is 0.

    In this model nobody drops out before the first repeat: of one-time buyers it knows nothing.
    """
    r, alpha, a, b = parameters
    # In logarithms: a history of hundreds of purchases is beyond the range of a power.
    odds = _odds_of_loss(r, alpha, a, b, x, t_x, age)
    found: Array = 1 / (1 + odds)
    return found


def expected_purchases(parameters: Array, time: float, x: Array, t_x: Array, age: Array) -> Array:
    """Purchases expected in the next `time`, given the history (their equation 10)."""
    r, alpha, a, b = parameters
    a = a + 1e-9 if a == 1 else a  # the limit: the formula divides by a - 1
    # What is slow to reckon depends on x and T alone, which few pairs exist of.
    (n, t), place = distinct(x, age)
    series = hyp2f1(r + n, b + n, a + b + n - 1, time / (alpha + t + time))
    kept = np.exp((r + n) * np.log((alpha + t) / (alpha + t + time)))
    numerator = (a + b + n - 1) / (a - 1) * (1 - kept * series)
    found: Array = numerator[place] / (1 + _odds_of_loss(r, alpha, a, b, x, t_x, age))
    least: Array = np.maximum(found, 0)
    return least


def expected_purchases_of_a_new_customer(parameters: Array, time: float) -> float:
    """Repeat purchases expected within `time` of the first purchase (their equation 9)."""
    r, alpha, a, b = parameters
    series = hyp2f1(r, b, a + b - 1, time / (alpha + time))
    return float((a + b - 1) / (a - 1) * (1 - (alpha / (alpha + time)) ** r * series))


def probability_of_none(parameters: Array, time: float) -> float:
    """The probability that a new customer does not buy again within `time`."""
    r, alpha, _, _ = parameters
    return float((alpha / (alpha + time)) ** r)


def _odds_of_loss(
    r: float, alpha: float, a: float, b: float, x: Array, t_x: Array, age: Array
) -> Array:
    logs = (
        np.log(a)
        - np.log(b + np.maximum(x, 1) - 1)
        + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    )
    found: Array = np.where(x > 0, np.exp(np.minimum(logs, 700)), 0.0)
    return found
