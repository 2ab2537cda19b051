"""Gamma-Gamma: what a purchase of a customer is worth (Fader and Hardie 2013).

Arrays of one entry per customer: `x` repeat purchase periods, `m` their mean amount.
"""

import numpy as np
from scipy.special import digamma, gammaln

from loyalty_lens.models.likelihood import Array, Fit, maximise


def fit(x: Array, m: Array) -> Fit:
    """The parameters p, q and v by maximum likelihood, of customers with x > 0 and m > 0.

    q > 1 is needed for a mean of the population: with less, `is_converged` is false.
    """
    log_x, log_m, total = np.log(x), np.log(m), x * m

    def log_likelihood(parameters: Array) -> tuple[float, Array]:
        p, q, v = parameters
        px, log_all, of_all = p * x, np.log(total + v), digamma(p * x + q)
        value = (
            gammaln(px + q) - gammaln(px) + (px - 1) * log_m + px * log_x - (px + q) * log_all
        ).sum() + len(x) * (q * np.log(v) - gammaln(q))
        slope = np.array(
            [
                x @ (of_all - digamma(px) + log_m + log_x - log_all),
                of_all.sum() - log_all.sum() + len(x) * (np.log(v) - digamma(q)),
                len(x) * q / v - ((px + q) / (total + v)).sum(),
            ]
        )
        return float(value), slope

    found = maximise(log_likelihood, {"p": 2.0, "q": 3.0, "v": float(m.mean())}, len(x))
    if found.parameters["q"] > 1:
        return found
    return Fit(
        found.parameters, found.standard_errors, found.log_likelihood, found.customers, False
    )


def population_mean(parameters: Array) -> float:
    """The mean amount of a purchase over all customers, v p / (q - 1)."""
    p, q, v = parameters
    return float(v * p / (q - 1))


def expected_amount(parameters: Array, x: Array, m: Array) -> Array:
    """The mean amount to expect: the customer's own, drawn towards that of all; theirs at x = 0."""
    p, q, _ = parameters
    weight = p * x / (p * x + q - 1)
    own = np.where((x > 0) & (m > 0), m, population_mean(parameters))
    found: Array = weight * own + (1 - weight) * population_mean(parameters)
    return found
