"""Lifetime value of every customer: fit, scores, and the test on the last quarter of history."""

from dataclasses import replace

import numpy as np

from loyalty_lens.models import bg_nbd, gamma_gamma
from loyalty_lens.models.inputs import Inputs
from loyalty_lens.models.lifetime_value import discounted_value, quintiles
from loyalty_lens.models.likelihood import Array, Fit
from loyalty_lens.models.results import Metric, ModelFit, Outcome, not_enough, of_likelihood

PURCHASES, AMOUNTS = "BG/NBD", "Gamma-Gamma"
LEAST_REPEATERS = 500
YEAR = 365 / 7  # weeks
MONTHS = 12
QUARTER = 90 / 7


def lifetime_values(inputs: Inputs, holdout: Inputs | None, monthly_rate: float) -> Outcome:
    """Scores of the customers of `inputs`; `holdout` are those of an earlier day, for the test.

    Scores: probability_alive (NaN of who bought once: the model says 1 of everybody there),
    expected purchases, expected_amount, clv_amount, clv_quintile. Without 500 customers who came
    back, or a fit that converged, there are none.
    """
    x, t_x, age = inputs.weeks
    repeaters = int((x > 0).sum())
    if repeaters < LEAST_REPEATERS:
        message = f"{repeaters} customers came back, {LEAST_REPEATERS} are needed"
        return not_enough(PURCHASES, message, repeaters, inputs.value_basis)
    fit = bg_nbd.fit(x, t_x, age)
    fits = [of_likelihood(PURCHASES, fit)]
    metrics = [_held_out(holdout)] if holdout is not None else []
    if not fit.is_converged:
        return Outcome(fits, metrics)
    parameters = np.array(list(fit.parameters.values()))
    scores = {
        "probability_alive": np.where(
            x > 0, bg_nbd.probability_alive(parameters, x, t_x, age), np.nan
        ),
        "expected_purchases_90_days": bg_nbd.expected_purchases(parameters, QUARTER, x, t_x, age),
        "expected_purchases_365_days": bg_nbd.expected_purchases(parameters, YEAR, x, t_x, age),
    }
    amount_fit, amounts = _amounts(inputs)
    fits.append(amount_fit)
    if amounts is not None:
        value = discounted_value(
            parameters,
            amounts,
            x,
            t_x,
            age,
            months=MONTHS,
            month=YEAR / MONTHS,
            monthly_rate=monthly_rate,
        )
        scores |= {
            "expected_amount": amounts,
            "clv_amount": value,
            "clv_quintile": quintiles(value.round(4)),
        }
    return Outcome(fits, metrics, scores)


def _amounts(inputs: Inputs) -> tuple[ModelFit, Array | None]:
    """The fit of what a purchase is worth, and what to expect of each customer's.

    Fitted without days that hold a suspect line, and on values above 0; all days count in what is
    expected of a customer.
    """
    usual, value = inputs.columns["usual_day_count"], inputs.columns["usual_mean_value"]
    fitted = (usual > 0) & (value > 0)
    count = int(fitted.sum())
    if count < LEAST_REPEATERS:
        message = f"{count} customers came back and spent, {LEAST_REPEATERS} are needed"
        return not_enough(AMOUNTS, message, count, inputs.value_basis).fits[0], None
    fit = gamma_gamma.fit(usual[fitted], value[fitted])
    row = of_likelihood(AMOUNTS, fit, inputs.value_basis)
    # The model takes for granted that who buys often does not spend more or less each time.
    related = float(np.corrcoef(usual[fitted], value[fitted])[0, 1])
    row = replace(row, parameters={**row.parameters, "correlation": related})
    if not fit.is_converged:
        return row, None
    parameters = np.array(list(fit.parameters.values()))
    x, mean_value = inputs.columns["repeat_day_count"], inputs.columns["mean_value"]
    return row, gamma_gamma.expected_amount(parameters, x, np.nan_to_num(mean_value))


def _held_out(holdout: Inputs) -> Metric:
    """Repeat purchases foretold on the cut-off over those that came; and at the old pace."""
    assert holdout.window_until is not None  # noqa: S101  (a holdout has a window)
    x, t_x, age = holdout.weeks
    time = (holdout.window_until - holdout.cutoff).days / 7
    actual = float(holdout.columns["later_day_count"].sum())
    fit: Fit = bg_nbd.fit(x, t_x, age)
    parameters = np.array(list(fit.parameters.values()))
    foretold = float(bg_nbd.expected_purchases(parameters, time, x, t_x, age).sum())
    pace = float((x / np.maximum(age, 1 / 7)).sum() * time)
    return Metric(
        model=PURCHASES,
        metric="Predicted / actual",
        value=foretold / actual if actual else np.nan,
        baseline="The pace so far",
        baseline_value=pace / actual if actual else np.nan,
        customers=len(holdout),
        trained_on=holdout.cutoff,
        tested_on=holdout.cutoff,
    )
