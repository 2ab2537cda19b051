"""What is sold: visits of customers and guests, and the baskets they carry to the till."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.affinities import Affinities
from seeds_generator.arrays import BoolArray, IntArray, weighted
from seeds_generator.calendar import Calendar
from seeds_generator.categories import CATEGORIES
from seeds_generator.population import Population, basket_sizes
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
MOST_LINES = 16
MOST_SIZES = 9.0  # lines of a large basket; what is beyond buys more of each
GUEST_LINES = 1.8
PAYMENTS = ("card", "cash", "mobile", "gift_card")
PAYMENT_WEIGHTS = np.array([0.62, 0.2, 0.15, 0.03])


@dataclass(frozen=True)
class Market:
    """All that stays put while sales are made."""

    calendar: Calendar
    stores: Stores
    assortment: Assortment
    affinities: Affinities
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

    def take(self, rows: IntArray) -> Visits:
        """The chosen visits, in that order."""
        return Visits(
            self.customer[rows],
            self.phone[rows],
            self.store[rows],
            self.day[rows],
            self.second[rows],
        )


def sell(
    rng: np.random.Generator, market: Market, first: int, last: int, next_number: int
) -> Sales:
    """The sales of the days ``first`` to ``last``, in time order, numbered from ``next_number``.

    Uses up purchases of the population and notes who drops out.
    """
    visits = _visits(rng, market, first, last)
    header, product, quantity = _baskets(rng, market, visits)
    cell = (
        visits.day[header] - first,
        visits.store[header],
        market.assortment.category[product],
    )
    promotion = market.promotions.cells(first, last, market.stores.count)[cell]
    demand = market.promotions.demand(first, last, market.stores.count)[cell]
    more = np.flatnonzero(demand > 1)
    quantity[more] += rng.poisson((demand[more] - 1) * quantity[more])
    kept = rng.random(len(header)) < demand
    header, product, promotion, quantity = (
        column[kept] for column in (header, product, promotion, quantity)
    )
    came, header = np.unique(header, return_inverse=True)  # who finds nothing leaves no receipt
    visits = visits.take(came)
    count = len(came)
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
    """Purchases of the customers until they drop out, and visits of guests, in time order."""
    customer, day, second = _purchases(rng, market, first, last)
    busy = market.calendar.busyness[first : last + 1]
    guests = int(rng.poisson(len(customer) * GUESTS))
    phone = np.concatenate([np.full(len(customer), NONE), _guest_phones(rng, market, guests)])
    store = weighted(rng, market.stores.weight, len(customer) + guests)
    at_home = rng.random(len(customer)) < AT_HOME
    store[: len(customer)] = np.where(
        at_home, market.population.home[customer], store[: len(customer)]
    )
    day = np.concatenate([day, first + weighted(rng, busy, guests)])
    second = np.concatenate([second, till_seconds(rng, guests)])
    customer = np.concatenate([customer, np.full(guests, NONE)])
    order = np.lexsort((second, day))
    return Visits(customer, phone, store, day, second).take(order)


def _purchases(
    rng: np.random.Generator, market: Market, first: int, last: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Customer, day and second of the purchases, Poisson until the last one of each customer.

    Who joins buys on that day, and from then on as often as the others; that first purchase is
    not a repeat purchase, so nobody drops out at it.
    """
    population = market.population
    busy = market.calendar.busyness[first : last + 1]
    present = np.flatnonzero((population.joins <= last) & (population.purchases_left > 0))
    purchases = rng.poisson(population.rate[present] * busy.sum())
    customer = np.repeat(present, purchases)
    day = first + weighted(rng, busy, len(customer))
    stays = day > population.joins[customer] - ~population.is_joiner[customer]
    customer, day = customer[stays], day[stays]
    second = till_seconds(rng, len(customer))

    order = np.lexsort((second, day, customer))
    customer, day, second = customer[order], day[order], second[order]
    place = np.arange(len(customer)) - np.searchsorted(customer, customer)
    left = population.purchases_left[customer]
    is_last = np.flatnonzero(place == left - 1)
    population.dropped[customer[is_last]] = day[is_last]
    goes_on = place < left
    customer, day, second = customer[goes_on], day[goes_on], second[goes_on]
    np.subtract.at(population.purchases_left, customer, 1)

    joins = (population.joins >= first) & (population.joins <= last) & (population.rate > 0)
    new = np.flatnonzero(joins & population.is_joiner)
    return (
        np.concatenate([customer, new]),
        np.concatenate([day, population.joins[new]]),
        np.concatenate([second, till_seconds(rng, len(new))]),
    )


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
