"""What is sold: the baskets that visitors carry to the till."""

from __future__ import annotations

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray, weighted
from seeds_generator.categories import CATEGORIES
from seeds_generator.market import Market
from seeds_generator.population import basket_sizes
from seeds_generator.sales import NONE, Sales
from seeds_generator.visits import Visits, draw_visits

FAVOURITE = 0.42  # share of lines from the favourite category
MOST_LINES = 16
MOST_SIZES = 9.0  # lines of a large basket; what is beyond buys more of each
GUEST_LINES = 1.8
NOT_PROMOTED = [entry.is_merchandise for entry in CATEGORIES].index(False)
PAYMENTS = ("card", "cash", "mobile", "gift_card")
PAYMENT_WEIGHTS = np.array([0.62, 0.2, 0.15, 0.03])


def sell(
    rng: np.random.Generator, market: Market, first: int, last: int, next_number: int
) -> Sales:
    """The sales of the days ``first`` to ``last``, in time order, numbered from ``next_number``.

    Uses up purchases of the population and notes who drops out.
    """
    visits = draw_visits(rng, market, first, last)
    header, product, quantity = _baskets(rng, market, visits)
    promotions = market.promotions.cells(first, last, market.stores.count)
    demands = market.promotions.demand(first, last, market.stores.count)
    place = (visits.day[header] - first, visits.store[header])
    demand = demands[(*place, market.assortment.category[product])]
    more = np.flatnonzero(demand > 1)
    quantity[more] += rng.poisson((demand[more] - 1) * quantity[more])
    kept = rng.random(len(header)) < demand
    is_quiet = (promotions < 0) & (demands == 1)
    product, kept = _something_else(rng, market, (header, product, kept), (is_quiet, place))
    header, product, quantity = header[kept], product[kept], quantity[kept]
    promotion = promotions[
        visits.day[header] - first, visits.store[header], market.assortment.category[product]
    ]
    count = visits.count
    starts = np.searchsorted(header, np.arange(count))
    percent = np.append(market.promotions.percent, 0)[promotion]
    full_price = quantity * market.assortment.price[product]
    return Sales(
        number=np.arange(next_number, next_number + count),
        original=np.full(count, NONE),
        customer=visits.named,
        phone=visits.phone,
        store=visits.store,
        day=visits.day,
        second=visits.second,
        payment=weighted(rng, PAYMENT_WEIGHTS, count),
        redeemed=np.zeros(count, dtype=np.int64),
        line_header=header,
        line_number=np.arange(len(header)) - starts[header] + 1,
        product=product,
        promotion=promotion,
        quantity=quantity,
        amount=(full_price * (100 - percent) + 50) // 100,  # half a cent goes up
    )


def _something_else(
    rng: np.random.Generator,
    market: Market,
    lines: tuple[IntArray, IntArray, BoolArray],
    quiet: tuple[BoolArray, tuple[IntArray, IntArray]],
) -> tuple[IntArray, BoolArray]:
    """Who would leave without anything buys from another category: every visit has a receipt.

    From a quiet one, which no promotion and no dip touches there, so that the truth about them
    holds. ``lines`` are header, product and whether the line stays, ``quiet`` the days x stores x
    categories and the days and stores of the lines. Returns products and lines that stay.
    """
    header, product, kept = lines
    is_quiet, (day, store) = quiet
    first = np.flatnonzero(np.diff(header, prepend=-1) > 0)  # line of each basket
    rows = first[np.bincount(header, kept) == 0]
    if not len(rows):
        return product, kept
    category, edges = market.assortment.category, market.assortment.edges
    drawn = np.searchsorted(edges, rng.random(len(rows)), side="right") - 1
    other = market.stock.substitute[np.minimum(drawn, market.assortment.count - 1)]
    fits = is_quiet[day[rows], store[rows], category[other]]
    fits &= category[other] != category[product[rows]]
    product, kept = product.copy(), kept.copy()
    product[rows] = np.where(fits, other, market.assortment.category_start[NOT_PROMOTED])
    kept[rows] = True
    return product, kept


def _baskets(
    rng: np.random.Generator, market: Market, visits: Visits
) -> tuple[IntArray, IntArray, IntArray]:
    """Header row, product and quantity of every line; a product stands once in a basket."""
    known = visits.customer != NONE
    means = np.where(known, market.population.lines[visits.customer], GUEST_LINES)
    sizes = basket_sizes(rng, means)
    lines = np.minimum(1 + rng.poisson(np.clip(sizes, 1, MOST_SIZES) - 1), MOST_LINES)
    header = np.repeat(np.arange(len(lines)), lines)
    product = _products(rng, market, visits, header)
    follows, companion = market.affinities.follow(rng, product)
    header = np.concatenate([header, header[follows]])
    product = np.concatenate([product, companion[follows]])

    out = market.stock.is_out(visits.day[header], visits.store[header], product)
    product = np.where(out, market.stock.substitute[product], product)

    units = np.array([entry.units for entry in CATEGORIES])[market.assortment.category[product]]
    quantity = 1 + rng.poisson(units)
    surplus = np.maximum(sizes / MOST_SIZES, 1)[header] - 1
    large = np.flatnonzero(surplus > 0)
    quantity[large] += rng.poisson(surplus[large] * quantity[large])

    key, line = np.unique(header * market.assortment.count + product, return_inverse=True)
    total = np.bincount(line, quantity).astype(np.int64)
    return key // market.assortment.count, key % market.assortment.count, total


def _products(
    rng: np.random.Generator, market: Market, visits: Visits, header: IntArray
) -> IntArray:
    """A product for every line: by its pull, many from the customer's favourite category."""
    assortment, population = market.assortment, market.population
    favourite = population.favourite[visits.customer[header]]
    is_known = visits.customer[header] != NONE
    from_favourite: BoolArray = is_known & (rng.random(len(header)) < FAVOURITE)
    low = np.where(from_favourite, assortment.category_start[favourite], 0)
    high = np.where(from_favourite, assortment.category_start[favourite + 1], assortment.count)
    edges = assortment.edges
    drawn = edges[low] + rng.random(len(header)) * (edges[high] - edges[low])
    return np.clip(np.searchsorted(edges, drawn, side="right") - 1, low, high - 1)
