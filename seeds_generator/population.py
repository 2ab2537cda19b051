"""How customers behave: how often they buy and for how much, what they like, when they stop.

Purchases follow the BG/NBD process (Fader, Hardie and Lee 2005): a customer buys at a Poisson rate
of his or her own, gamma distributed, and drops out after each repeat purchase with a probability
of his or her own, beta distributed. Baskets follow the Gamma-Gamma process (Fader and Hardie
2013): sizes are gamma distributed about a mean of the customer's own, that mean is inverse gamma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import BoolArray, FloatArray, IntArray, stream, weighted
from seeds_generator.calendar import Calendar
from seeds_generator.categories import CATEGORIES
from seeds_generator.options import GeneratorOptions
from seeds_generator.stores import Stores

NEVER = np.int64(-1_000_000)  # day number that stands for "no purchase on record"

JOINERS = 0.25  # of all customers join during the period
NEVER_BUY = 0.07  # members in name only
RATE_SHAPE = 0.85  # r; below 1: many who come seldom, few who come all the time
DROPOUT = (0.6, 22.0)  # a, b
BASKET_SHAPE, MEAN_SHAPE = 4.0, 4.0  # p, q
TIER_SPEND = np.array([0.0, 500.0, 2000.0, 5000.0])  # a year, money
SPEND_A_LINE = 20.0  # to guess the tier at the start
LARGEST_LEFT = 2**40


@dataclass
class Population:
    """Customers by row, the joiners last and in the order in which they join.

    A customer buys at ``rate`` purchases an average day from day ``joins`` on (0 for those who were
    there before), until ``purchases_left`` is used up; ``dropped`` is the day of that last purchase
    (NEVER while it has not come). ``lines`` is the mean of the basket sizes. ``since`` is the day
    of enrolment. ``last_purchase`` (day number or NEVER) and ``points`` (the till's own idea of
    the balance) change over time; ``points`` starts as the opening balance.
    """

    rate: FloatArray
    dropout: FloatArray
    purchases_left: IntArray
    dropped: IntArray
    joins: IntArray
    since: IntArray
    is_joiner: BoolArray
    home: IntArray
    favourite: IntArray
    lines: FloatArray
    tier: IntArray
    points: IntArray
    last_purchase: IntArray

    @property
    def count(self) -> int:
        """Number of customers."""
        return len(self.rate)


def build_population(options: GeneratorOptions, calendar: Calendar, stores: Stores) -> Population:
    """The customers of the options, and after them those who join after ``end``."""
    rng = stream(options.seed, "population")
    joiners = int(options.customers * JOINERS)
    ahead = joiners * options.ahead_days // calendar.total
    count = options.customers + ahead
    joins = np.zeros(count, dtype=np.int64)
    first_joiner = options.customers - joiners
    joins[first_joiner : options.customers] = np.sort(rng.integers(0, calendar.total, joiners))
    joins[options.customers :] = np.sort(rng.integers(calendar.total, calendar.horizon, ahead))
    is_joiner = np.arange(count) >= first_joiner

    rate = rng.gamma(RATE_SHAPE, options.purchases_a_day / RATE_SHAPE, count)
    rate[rng.random(count) < NEVER_BUY] = 0.0
    dropout = np.clip(rng.beta(*DROPOUT, count), 1e-9, 1.0)
    since = np.where(is_joiner, joins, -rng.integers(20, 1500, count))

    goods = np.array([entry.share if entry.is_merchandise else 0.0 for entry in CATEGORIES])
    spread = options.lines_per_sale * (MEAN_SHAPE - 1) / BASKET_SHAPE
    lines = BASKET_SHAPE * spread / rng.gamma(MEAN_SHAPE, 1.0, count)
    tier = np.searchsorted(TIER_SPEND, rate * 365 * lines * SPEND_A_LINE, side="right") - 1
    tier[is_joiner] = 0
    last_purchase = _last_purchase(rng, rate, since)
    last_purchase[is_joiner] = NEVER
    return Population(
        rate=rate,
        dropout=dropout,
        purchases_left=np.minimum(rng.geometric(dropout), LARGEST_LEFT),
        dropped=np.full(count, NEVER),
        joins=joins,
        since=since,
        is_joiner=is_joiner,
        home=weighted(rng, stores.weight, count),
        favourite=weighted(rng, goods, count),
        lines=lines,
        tier=tier,
        points=_opening_points(rng, rate, last_purchase),
        last_purchase=last_purchase,
    )


def basket_sizes(rng: np.random.Generator, means: FloatArray) -> FloatArray:
    """Gamma distributed sizes, in lines, of one basket for each mean."""
    sizes: FloatArray = rng.gamma(BASKET_SHAPE, means / BASKET_SHAPE)
    return sizes


def _last_purchase(rng: np.random.Generator, rate: FloatArray, since: IntArray) -> IntArray:
    """Days before the start: short gaps for frequent buyers, months and more for the others."""
    typical = np.minimum(1 / np.maximum(rate, 0.004), 250.0)
    gap = 1 + rng.exponential(typical).astype(np.int64)
    gap = np.where(rng.random(len(rate)) < 0.12, gap + rng.integers(60, 500, len(rate)), gap)
    day = np.maximum(-gap, since)
    return np.where(rng.random(len(rate)) < 0.08, NEVER, day)


def _opening_points(
    rng: np.random.Generator, rate: FloatArray, last_purchase: IntArray
) -> IntArray:
    """Heavy-tailed, more for those who buy more; nothing for one in ten and for non-buyers."""
    points = rng.gamma(1.3, 60 + rate * 2500).astype(np.int64)
    return np.where((rng.random(len(rate)) < 0.1) | (last_purchase == NEVER), 0, points)
