"""What a basket is worth: the expected money of a visit of each customer, for the truth."""

from __future__ import annotations

import math

import numpy as np

from seeds_generator.arrays import FloatArray
from seeds_generator.baskets import FAVOURITE, MOST_LINES, MOST_SIZES
from seeds_generator.categories import CATEGORIES
from seeds_generator.market import Market
from seeds_generator.population import BASKET_SHAPE
from seeds_generator.visits import AT_HOME

UNITS = 1 + np.array([entry.units for entry in CATEGORIES])  # expected units of a line
GRID = 4000  # points at which the gamma distribution of basket sizes is looked at
LARGEST = 6.0  # times the mean: what lies beyond has a probability of 1e-8


class ExpectedSpend:
    """The expected money of a visit, summed up over the days on which a customer is one.

    Everything that moves it is in it: lines and their quantity, favourite category, affinities,
    prices as they change, promotions and dips in the stores visited, empty shelves. Outliers are
    not: they are errors, not spend.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._busy = np.zeros(market.population.count)
        self._money = np.zeros(market.population.count)

    def add(self, first: int, last: int) -> None:
        """The days ``first`` to ``last``, before their sales are made."""
        population = self._market.population
        rows = np.flatnonzero((population.joins <= last) & (population.purchases_left > 0))
        busy = self._market.calendar.busyness[first : last + 1]
        days_left = np.append(np.cumsum(busy[::-1])[::-1], 0.0)
        weight = days_left[np.maximum(population.joins[rows] - first, 0)]
        per_line = self._per_line(first, last)  # stores x favourites
        anywhere = np.average(per_line, axis=0, weights=self._market.stores.weight)
        favourite = population.favourite[rows]
        line = AT_HOME * per_line[population.home[rows], favourite]
        line += (1 - AT_HOME) * anywhere[favourite]
        self._busy[rows] += weight
        self._money[rows] += weight * line

    def mean(self) -> FloatArray:
        """Money of a basket of each customer; nothing for who was no customer on any day."""
        line = self._money / np.where(self._busy > 0, self._busy, 1)
        spend: FloatArray = line * expected_lines(self._market.population.lines) / 100
        return spend

    def _per_line(self, first: int, last: int) -> FloatArray:
        """Expected cents that one drawn line brings, by store and favourite category."""
        market = self._market
        stores = market.stores.count
        promotions = market.promotions.cells(first, last, stores)
        paid = 1 - np.append(market.promotions.percent, 0)[promotions] / 100
        paid *= market.promotions.demand(first, last, stores)
        busy = market.calendar.busyness[first : last + 1]
        brought = self._brought(first, last)
        weight = np.diff(market.assortment.edges)
        share = np.bincount(market.assortment.category, weight, len(CATEGORIES))
        from_all = share / share.sum() @ brought
        drawn = FAVOURITE * brought + (1 - FAVOURITE) * from_all
        per_line: FloatArray = np.average(paid, axis=0, weights=busy) @ drawn.T
        return per_line

    def _brought(self, first: int, last: int) -> FloatArray:
        """Cents at list prices, by category of a drawn line x category of what comes of it."""
        market = self._market
        assortment, category = market.assortment, market.assortment.category
        value: FloatArray = assortment.price * UNITS[category]
        out = market.stock.share_out(first, last, market.stores.weight)
        value = (1 - out) * value + out * value[market.stock.substitute]
        weight = np.diff(assortment.edges)
        size = len(CATEGORIES)
        brought = np.diag(np.bincount(category, weight * value, size))
        pairs = market.affinities.pairs
        companion = market.affinities.companion[pairs]
        along = weight[pairs] * market.affinities.probability[pairs] * value[companion]
        np.add.at(brought, (category[pairs], category[companion]), along)
        per_line: FloatArray = brought / np.bincount(category, weight, size)[:, None]
        return per_line


def expected_lines(means: FloatArray) -> FloatArray:
    """Expected lines of a basket for each mean of the sizes, large baskets at their quantity."""
    table = np.geomspace(0.01, 1000, 600)
    relative = (np.arange(GRID) + 0.5) * LARGEST / GRID
    density = relative ** (BASKET_SHAPE - 1) * np.exp(-BASKET_SHAPE * relative)
    density /= density.sum()
    rates = np.linspace(0, MOST_SIZES - 1, 200)
    counts = np.array([_capped(rate) for rate in rates])
    expected = []
    for mean in table:
        sizes = mean * relative
        lines = np.interp(np.clip(sizes, 1, MOST_SIZES) - 1, rates, counts)
        expected.append(float(density @ (lines * np.maximum(sizes / MOST_SIZES, 1))))
    found: FloatArray = np.interp(means, table, np.array(expected))
    return found


def _capped(rate: float) -> float:
    """E[min(1 + Poisson(rate), MOST_LINES)]."""
    below = [math.exp(-rate) * rate**count / math.factorial(count) for count in range(MOST_LINES)]
    within = sum(min(1 + count, MOST_LINES) * chance for count, chance in enumerate(below))
    return within + MOST_LINES * (1 - sum(below))
