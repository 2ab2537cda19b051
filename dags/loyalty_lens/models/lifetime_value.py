"""Customer lifetime value: purchases expected month by month, times their amount, discounted."""

import numpy as np

from loyalty_lens.models import bg_nbd
from loyalty_lens.models.likelihood import Array


def discounted_value(
    parameters: Array,
    amounts: Array,
    x: Array,
    t_x: Array,
    age: Array,
    *,
    months: int,
    month: float,
    monthly_rate: float,
) -> Array:
    """The value of the next `months`, each paid at its end and discounted by `monthly_rate`.

    `parameters` are those of BG/NBD, `amounts` what a purchase is expected to be worth, `month` the
    length of one in the unit of time of the histories.
    """
    value = np.zeros_like(amounts)
    before = np.zeros_like(amounts)
    for number in range(1, months + 1):
        until = bg_nbd.expected_purchases(parameters, number * month, x, t_x, age)
        value += (until - before) * amounts / (1 + monthly_rate) ** number
        before = until
    return np.maximum(value, 0)


def quintiles(values: Array) -> Array:
    """1 to 5, 5 the highest: 1 + 5 x share of customers strictly below; equals are equal."""
    below = np.searchsorted(np.sort(values), values, side="left")
    found: Array = 1 + np.floor(5 * below / max(len(values), 1))
    return found
