"""How customers behave: when they come, how often, what they like, when they stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import BoolArray, FloatArray, IntArray, stream, weighted
from seeds_generator.calendar import Calendar
from seeds_generator.categories import CATEGORIES
from seeds_generator.options import GeneratorOptions
from seeds_generator.stores import Stores

NEVER = np.int64(-1_000_000)  # day number that stands for "no purchase on record"

JOINERS = 0.10  # of all customers join during the period
NEVER_BUY = 0.07  # members in name only
PURCHASES_A_DAY = 0.125  # mean of the gamma distribution of purchase rates
RATE_SHAPE = 0.85  # below 1: many who come seldom, few who come all the time
HIGHEST_RATE = 0.75
STAY = 2.0  # mean time until a customer drops out, in lengths of the period
LINES = 2.75  # mean lines of a basket before doubles are dropped
TIER_SPEND = np.array([0.0, 500.0, 2000.0, 5000.0])  # a year, money
SPEND_A_PURCHASE = 55.0


@dataclass
class Population:
    """Customers by row, the joiners last and in the order in which they join.

    A customer buys at ``rate`` purchases a day from day ``joins`` (0 for those who were there
    before) up to the day before ``leaves``. ``since`` is the day of enrolment. ``last_purchase``
    (day number or NEVER) and ``points`` (the till's own idea of the balance) change over time;
    ``points`` starts as the opening balance.
    """

    rate: FloatArray
    joins: IntArray
    leaves: IntArray
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
    """The customers of the options."""
    rng = stream(options.seed, "population")
    count = options.customers
    joiners = int(count * JOINERS)
    joins = np.zeros(count, dtype=np.int64)
    joins[count - joiners :] = np.sort(rng.integers(0, calendar.total, joiners))
    is_joiner = np.arange(count) >= count - joiners

    rate = np.minimum(rng.gamma(RATE_SHAPE, PURCHASES_A_DAY / RATE_SHAPE, count), HIGHEST_RATE)
    rate[rng.random(count) < NEVER_BUY] = 0.0
    stays = rng.exponential(STAY * calendar.total, count).astype(np.int64) + 1
    since = np.where(is_joiner, joins, -rng.integers(20, 1500, count))

    goods = np.array([entry.share if entry.is_merchandise else 0.0 for entry in CATEGORIES])
    yearly = rate * 365 * SPEND_A_PURCHASE * rng.lognormal(-0.2, 0.4, count)
    tier = np.searchsorted(TIER_SPEND, yearly, side="right") - 1
    tier[is_joiner] = 0
    last_purchase = _last_purchase(rng, rate, since)
    last_purchase[is_joiner] = NEVER
    return Population(
        rate=rate,
        joins=joins,
        leaves=joins + stays,
        since=since,
        is_joiner=is_joiner,
        home=weighted(rng, stores.weight, count),
        favourite=weighted(rng, goods, count),
        lines=1 + (LINES - 1) * rng.lognormal(-0.2, 0.63, count),
        tier=tier,
        points=_opening_points(rng, rate, last_purchase),
        last_purchase=last_purchase,
    )


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
