"""The parameters of the processes, for ``parameters.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from seeds_generator.arrays import FloatArray
from seeds_generator.categories import CATEGORIES
from seeds_generator.options import GeneratorOptions
from seeds_generator.population import (
    BASKET_SHAPE,
    DROPOUT,
    MEAN_SHAPE,
    NEVER_BUY,
    RATE_SHAPE,
)
from seeds_generator.version import VERSION


def true_parameters(options: GeneratorOptions, mean_spend: FloatArray) -> dict[str, Any]:
    """What a model should find again; ``mean_spend`` is the expected basket of each customer."""
    shape, scale = inverse_gamma(mean_spend)
    return {
        "generator_version": VERSION,
        "options": asdict(options),
        "purchases": {
            "model": "BG/NBD",
            "of": "visits of a customer who was there at the start, with or without the card",
            "r": RATE_SHAPE,
            "alpha_days": RATE_SHAPE / options.purchases_a_day,
            "a": DROPOUT[0],
            "b": DROPOUT[1],
            "share_that_never_buys": NEVER_BUY,
        },
        "basket_sizes": {
            "model": "Gamma-Gamma",
            "of": "the size of a basket in lines, before it is made a whole number from 1 up",
            "p": BASKET_SHAPE,
            "q": MEAN_SHAPE,
            "v": options.lines_per_sale * (MEAN_SHAPE - 1) / BASKET_SHAPE,
            "mean_lines": options.lines_per_sale,
        },
        "spend": {
            "model": "Gamma-Gamma",
            "of": "the money of a basket: its true means over the customers are mean_spend of "
            "customers.csv, an inverse gamma distribution with shape q and scale p * v",
            "mean": float(mean_spend.mean()),
            "q": shape,
            "p_times_v": scale,
            "p": "none is planted: a basket is the sum of lines of different prices, and its "
            "relative variance falls with its size",
        },
        "price_elasticity": {category.name: category.elasticity for category in CATEGORIES},
    }


def inverse_gamma(values: FloatArray) -> tuple[float | None, float | None]:
    """Shape and scale by maximum likelihood (Minka 2002, to 1.5 %); None of one value."""
    inverse = 1 / values
    gap = float(np.log(inverse.mean()) - np.log(inverse).mean())
    if gap <= 0:
        return None, None
    shape = (3 - gap + ((gap - 3) ** 2 + 24 * gap) ** 0.5) / (12 * gap)
    return shape, shape / float(inverse.mean())
