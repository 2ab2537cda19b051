"""Who comes to which store when: customers, with and without their card, and strangers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import IntArray, weighted
from seeds_generator.market import Market
from seeds_generator.sales import NONE

WITHOUT_CARD = 0.028  # of a customer's own visits: guests who say their phone at the till
STRANGERS = 0.052  # visits of people who are no customers, per visit of a customer
WITH_PHONE = 0.385  # of these: a phone that belongs to nobody known (yet)
AT_HOME = 0.85  # share of visits to the home store, for the rest any store by its traffic


@dataclass(frozen=True)
class Visits:
    """Visits in time order.

    ``customer`` is who came, NONE for somebody unknown; ``phone`` a row of the phone book, NONE
    where none was given: a customer who gives one shows no card.
    """

    customer: IntArray
    phone: IntArray
    store: IntArray
    day: IntArray
    second: IntArray

    @property
    def count(self) -> int:
        """Number of visits."""
        return len(self.day)

    @property
    def named(self) -> IntArray:
        """The customer as the till knows it: NONE without the card."""
        return np.where(self.phone == NONE, self.customer, NONE)


def draw_visits(rng: np.random.Generator, market: Market, first: int, last: int) -> Visits:
    """Visits of the customers until they drop out, and of strangers, in time order.

    Uses up purchases of the population and notes who drops out.
    """
    customer, day, second, phone = _purchases(rng, market, first, last)
    known = len(customer)
    busy = market.calendar.busyness[first : last + 1]
    others = int(rng.poisson(known * STRANGERS))
    other_day = first + weighted(rng, busy, others)
    store = weighted(rng, market.stores.weight, known + others)
    at_home = rng.random(known) < AT_HOME
    store[:known] = np.where(at_home, market.population.home[customer], store[:known])
    day = np.concatenate([day, other_day])
    second = np.concatenate([second, till_seconds(rng, others)])
    order = np.lexsort((second, day))
    return Visits(
        np.concatenate([customer, np.full(others, NONE)])[order],
        np.concatenate([phone, _stranger_phones(rng, market, other_day)])[order],
        store[order],
        day[order],
        second[order],
    )


def till_seconds(rng: np.random.Generator, count: int) -> IntArray:
    """Seconds of the day with a peak before noon and one after work, 8 to 21 o'clock."""
    peak = np.where(rng.random(count) < 0.45, 11.2, 17.3)
    hours = rng.normal(peak, 1.9)
    hours = np.where((hours < 8) | (hours >= 21), rng.uniform(9.0, 20.5, count), hours)
    return (hours * 3600).astype(np.int64)


def _purchases(
    rng: np.random.Generator, market: Market, first: int, last: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Customer, day, second and phone of the purchases, Poisson until the last of each customer.

    Who joins buys on that day, and from then on as often as the others; that first purchase is
    not a repeat purchase, so nobody drops out at it. A share of the others comes without a card,
    but not with a phone that two customers have.
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
    no_card = (rng.random(len(customer)) < WITHOUT_CARD) & ~market.phones.is_shared[customer]

    joins = (population.joins >= first) & (population.joins <= last) & (population.rate > 0)
    new = np.flatnonzero(joins & population.is_joiner)
    return (
        np.concatenate([customer, new]),
        np.concatenate([day, population.joins[new]]),
        np.concatenate([second, till_seconds(rng, len(new))]),
        np.concatenate([np.where(no_card, customer, NONE), np.full(len(new), NONE)]),
    )


def _stranger_phones(rng: np.random.Generator, market: Market, day: IntArray) -> IntArray:
    """Rows of the phone book, or NONE; from the day they register on, others come instead."""
    book = market.phones
    stranger = rng.integers(0, len(book.registers_on), len(day))
    never = np.flatnonzero(book.registers_on > market.calendar.horizon)
    is_known = day >= book.registers_on[stranger]
    gives_phone = rng.random(len(day)) < WITH_PHONE
    if len(never):
        stranger = np.where(is_known, never[rng.integers(0, len(never), len(day))], stranger)
    else:
        gives_phone &= ~is_known
    return np.where(gives_phone, book.customers + stranger, NONE)
