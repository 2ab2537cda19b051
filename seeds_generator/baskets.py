"""What is sold: visits of customers and guests, and the baskets they carry to the till."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import FloatArray, IntArray, weighted
from seeds_generator.calendar import Calendar
from seeds_generator.categories import CATEGORIES
from seeds_generator.population import Population
from seeds_generator.products import Assortment
from seeds_generator.promotions import Promotions
from seeds_generator.sales import NONE, Sales
from seeds_generator.stock import Stock
from seeds_generator.stores import Stores

GUESTS = 0.08  # guest sales per sale of a known customer
GUESTS_WITH_OWN_PHONE = 0.35  # guests who are customers and say their phone
GUESTS_WITH_OTHER_PHONE = 0.25  # guests whose phone belongs to nobody known
AT_HOME = 0.85  # share of visits to the home store, for the rest any store by its traffic
FAVOURITE = 0.42  # share of lines from the favourite category
TOGETHER = 0.12  # share of further lines that follow from the first product
MOST_LINES = 12
GUEST_LINES = 1.8
PAYMENTS = ("card", "cash", "mobile", "gift_card")
PAYMENT_WEIGHTS = np.array([0.62, 0.2, 0.15, 0.03])


@dataclass(frozen=True)
class Market:
    """All that stays put while sales are made."""

    calendar: Calendar
    stores: Stores
    assortment: Assortment
    population: Population
    promotions: Promotions
    stock: Stock
    strangers: int


@dataclass(frozen=True)
class Visits:
    """Who stands at which till when; NONE for the customer of a guest and for no phone."""

    customer: IntArray
    phone: IntArray
    store: IntArray
    day: IntArray
    second: IntArray


def sell(
    rng: np.random.Generator, market: Market, first: int, last: int, next_number: int
) -> Sales:
    """The sales of the days ``first`` to ``last``, in time order, numbered from ``next_number``."""
    visits = _visits(rng, market, first, last)
    count = len(visits.customer)
    header, product = _baskets(rng, market, visits)
    promotion = market.promotions.cells(first, last, market.stores.count)[
        visits.day[header] - first, visits.store[header], market.assortment.category[product]
    ]
    quantity = _quantities(rng, market, product, promotion)
    starts = np.searchsorted(header, np.arange(count))
    percent = np.append(market.promotions.percent, 0)[promotion]
    full_price = quantity * market.assortment.price[product]
    return Sales(
        number=np.arange(next_number, next_number + count),
        original=np.full(count, NONE),
        customer=visits.customer,
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


def till_seconds(rng: np.random.Generator, count: int) -> IntArray:
    """Seconds of the day with a peak before noon and one after work, 8 to 21 o'clock."""
    peak = np.where(rng.random(count) < 0.45, 11.2, 17.3)
    hours = rng.normal(peak, 1.9)
    hours = np.where((hours < 8) | (hours >= 21), rng.uniform(9.0, 20.5, count), hours)
    return (hours * 3600).astype(np.int64)


def _visits(rng: np.random.Generator, market: Market, first: int, last: int) -> Visits:
    """Poisson visits of every customer within the time that he or she is one, and guests."""
    population = market.population
    busy = market.calendar.busyness[first : last + 1]
    present = np.flatnonzero((population.joins <= last) & (population.leaves > first))
    visits = rng.poisson(population.rate[present] * busy.sum())
    customer = np.repeat(present, visits)
    day = first + weighted(rng, busy, len(customer))
    stays = (day >= population.joins[customer]) & (day < population.leaves[customer])
    customer, day = customer[stays], day[stays]

    guests = int(rng.poisson(len(customer) * GUESTS))
    phone = np.concatenate([np.full(len(customer), NONE), _guest_phones(rng, market, guests)])
    own = weighted(rng, market.stores.weight, len(customer) + guests)
    own[: len(customer)] = np.where(
        rng.random(len(customer)) < AT_HOME, population.home[customer], own[: len(customer)]
    )
    day = np.concatenate([day, first + weighted(rng, busy, guests)])
    customer = np.concatenate([customer, np.full(guests, NONE)])
    second = till_seconds(rng, len(day))
    order = np.lexsort((second, day))
    return Visits(customer[order], phone[order], own[order], day[order], second[order])


def _guest_phones(rng: np.random.Generator, market: Market, guests: int) -> IntArray:
    """Rows of the phone book; customers among the guests are the active ones of the start."""
    population = market.population
    regulars = np.where(population.is_joiner, 0.0, population.rate)
    kind = rng.random(guests)
    strangers = population.count + rng.integers(0, market.strangers, guests)
    phone = np.where(kind < GUESTS_WITH_OWN_PHONE + GUESTS_WITH_OTHER_PHONE, strangers, NONE)
    if not regulars.any():
        return phone
    return np.where(kind < GUESTS_WITH_OWN_PHONE, weighted(rng, regulars, guests), phone)


def _baskets(rng: np.random.Generator, market: Market, visits: Visits) -> tuple[IntArray, IntArray]:
    """Header row and product of every line; a product occurs once in a basket."""
    assortment, population = market.assortment, market.population
    known = visits.customer != NONE
    lines: FloatArray = np.where(known, population.lines[visits.customer], GUEST_LINES)
    sizes = np.minimum(1 + rng.poisson(lines - 1), MOST_LINES)
    header = np.repeat(np.arange(len(sizes)), sizes)

    favourite = population.favourite[visits.customer[header]]
    from_favourite = known[header] & (rng.random(len(header)) < FAVOURITE)
    low = np.where(from_favourite, assortment.category_start[favourite], 0)
    high = np.where(from_favourite, assortment.category_start[favourite + 1], assortment.count)
    edges = assortment.edges
    drawn = edges[low] + rng.random(len(header)) * (edges[high] - edges[low])
    product = np.clip(np.searchsorted(edges, drawn, side="right") - 1, low, high - 1)

    first_line = np.cumsum(sizes) - sizes
    follows = rng.random(len(header)) < TOGETHER
    follows[first_line] = False
    product = np.where(follows, assortment.companion[product[first_line][header]], product)
    is_out = market.stock.is_out(visits.day[header], visits.store[header], product)
    product = np.where(is_out, market.stock.substitute[product], product)

    _, kept = np.unique(header * assortment.count + product, return_index=True)
    kept.sort()
    return header[kept], product[kept]


def _quantities(
    rng: np.random.Generator, market: Market, product: IntArray, promotion: IntArray
) -> IntArray:
    """Units per line; a promotion adds its uplift on average, so that the truth is known."""
    units = np.array([entry.units for entry in CATEGORIES])[market.assortment.category[product]]
    quantity = 1 + rng.poisson(units)
    uplift = np.append(market.promotions.uplift, 0.0)[promotion]
    promoted = np.flatnonzero(uplift > 0)
    quantity[promoted] += rng.poisson(uplift[promoted] * quantity[promoted])
    return quantity
