"""One person behind two records: second registrations, and guests who register later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import BoolArray, IntArray, TextArray
from seeds_generator.population import Population
from seeds_generator.sales import NONE

SECOND_REGISTRATIONS = 0.004  # of the customers
REGISTERED_GUESTS = 0.25  # of those who join
COPIED = (
    "first_name",
    "last_name",
    "birth_date",
    "gender",
    "marital_status",
    "occupation",
    "annual_income",
    "marketing_consent",
    "is_minor",
)


@dataclass(frozen=True)
class Identities:
    """Pairs of rows that are one person.

    ``second`` registered again after ``first`` and shares the phone or the e-mail, by
    ``shares_phone``. ``guest`` is the place of a stranger whose phone the ``registered`` customer
    brings along.
    """

    first: IntArray
    second: IntArray
    registered: IntArray
    guest: IntArray

    @property
    def shares_phone(self) -> list[bool]:
        """Whether a second registration shares the phone (else the e-mail, written otherwise)."""
        return [number % 2 == 0 for number in range(len(self.second))]

    def phone_partners(self, count: int) -> IntArray:
        """For each of ``count`` customers the other one with the same phone, or NONE."""
        partner = np.full(count, NONE)
        first, second = self.first[self.shares_phone], self.second[self.shares_phone]
        partner[first], partner[second] = second, first
        return partner


@dataclass(frozen=True)
class PhoneBook:
    """The phones: those of the ``customers``, then those of strangers.

    ``is_shared`` says of each customer whether another one has the same phone. ``registers_on`` is
    the day on which a stranger turns into a customer, beyond the horizon for who never does.
    """

    customers: int
    is_shared: BoolArray
    registers_on: IntArray


def phone_book(
    identities: Identities, population: Population, strangers: int, horizon: int
) -> PhoneBook:
    """The phones as the till needs them."""
    registers_on = np.full(strangers, horizon + 1)
    registers_on[identities.guest] = population.joins[identities.registered]
    is_shared = identities.phone_partners(population.count) != NONE
    return PhoneBook(population.count, is_shared, registers_on)


def draw_identities(
    rng: np.random.Generator, population: Population, written: int, strangers: int
) -> Identities:
    """Pairs among the ``written`` customers; nobody is in two of them."""
    size = min(round(written * SECOND_REGISTRATIONS), written // 4)
    chosen = rng.choice(written, 2 * size, replace=False).reshape(2, size)
    joiners = np.flatnonzero(population.is_joiner)
    free = np.setdiff1d(joiners, chosen)
    registered = np.sort(free[rng.random(len(free)) < REGISTERED_GUESTS])[:strangers]
    guest = rng.permutation(strangers)[: len(registered)]
    return Identities(chosen.min(axis=0), chosen.max(axis=0), registered, guest)


def merge(identities: Identities, columns: dict[str, TextArray], phones: TextArray) -> None:
    """Writes into the columns and phones what the pairs have in common."""
    for name in COPIED:
        columns[name][identities.second] = columns[name][identities.first]
    for first, second, shares_phone in zip(
        identities.first, identities.second, identities.shares_phone, strict=True
    ):
        if shares_phone:
            phones[second] = phones[first]
        else:
            columns["email"][second] = columns["email"][first].upper()
    count = len(columns["email"])
    phones[identities.registered] = phones[count + identities.guest]
