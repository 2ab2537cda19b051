"""The customer file: the records of the customers, and how they change."""

from __future__ import annotations

import numpy as np

from seeds_generator.arrays import (
    IntArray,
    TextArray,
    blanks,
    date_text,
    integer_text,
    numbered,
    pick,
    stream,
    texts,
    weighted,
)
from seeds_generator.calendar import Calendar
from seeds_generator.defects import WARN
from seeds_generator.demographics import demographic_columns, draw_ages, is_minor
from seeds_generator.identities import PhoneBook, draw_identities, merge, phone_book
from seeds_generator.options import GeneratorOptions
from seeds_generator.people import People, draw_people
from seeds_generator.places import CITIES, COUNTRIES
from seeds_generator.population import NEVER, Population
from seeds_generator.sales import NONE
from seeds_generator.spoiling import Block, Columns, Planted
from seeds_generator.stores import Stores

TIERS = texts(["Bronze", "Silver", "Gold", "Platinum"])
GENDERS = texts(["F", "M", "X"])
MAIL_DOMAINS = texts(["example.com", "example.org", "example.net"])
BAD_BIRTH_DATE, BAD_INCOME = "1979-02-30", "about 40k"
NUMBERS = 100_000_000  # subscriber numbers of eight digits
PHONE_STEP = 7_919  # has no factor in common with NUMBERS: every index gets a number of its own
MOVES, MARRIES = 0.5, 0.15  # of the changed records; the rest change their mind about marketing


class Customers:
    """The texts of all customers, by row of the population.

    ``ids`` and ``phones`` serve the sales; ``phones`` goes on with ``strangers``, people who give
    a phone at the till and are no customers.
    """

    def __init__(
        self,
        options: GeneratorOptions,
        calendar: Calendar,
        stores: Stores,
        population: Population,
    ) -> None:
        rng = stream(options.seed, "customers")
        count = population.count
        self.calendar = calendar
        self.population = population
        self.strangers = max(count // 10, 1)
        self.ids = numbered("C%06d", np.arange(1, count + 1))
        city = stores.city[population.home]
        self._country = np.array([COUNTRIES.index(place.country) for place in CITIES])[city]
        self.phones = _phones(rng, self._country, self.strangers)
        self.ages = draw_ages(rng, count)
        self._people = [draw_people(country, options.seed) for country in COUNTRIES]
        self._columns = {
            **self._persons(rng),
            **demographic_columns(rng, self.ages, calendar),
            "city": texts(place.name for place in CITIES)[city],
            "state": texts(place.region for place in CITIES)[city],
            "country": texts(place.country.name for place in CITIES)[city],
            "post_code": _post_codes(rng, city),
        }
        self.identities = draw_identities(rng, population, options.customers, self.strangers)
        merge(self.identities, self._columns, self.phones)
        self.ages[self.identities.second] = self.ages[self.identities.first]
        self._partner = self.identities.phone_partners(count)
        self._is_spoilt = np.zeros(count, dtype=np.bool_)
        self._is_delivered = np.zeros(count, dtype=np.bool_)

    def phone_book(self) -> PhoneBook:
        """Whose phones there are."""
        horizon = self.calendar.horizon
        return phone_book(self.identities, self.population, self.strangers, horizon)

    def blemish(self, rng: np.random.Generator, each: int) -> None:
        """Spoil the birth date or the income of ``each`` customers: a warning, never a lost row.

        Not of those who have two records: these stay alike, and a record breaks one rule only.
        """
        written = np.flatnonzero(self.population.joins < self.calendar.total)
        single = np.setdiff1d(written, [self.identities.first, self.identities.second])
        each = min(each, len(single) // 2)
        spoilt = rng.choice(single, 2 * each, replace=False)
        self._columns["annual_income"][spoilt[:each]] = BAD_INCOME
        self._columns["birth_date"][spoilt[each:]] = BAD_BIRTH_DATE
        self._is_spoilt[spoilt] = True

    def block(self, rows: IntArray, modified_at: TextArray) -> Block:
        """The customer file for these rows, and what the gate has to say about them."""
        self._is_delivered[rows] = True
        shares = (self._partner[rows] != NONE) & self._is_delivered[self._partner[rows]]
        planted = [
            Planted(place, rule, WARN, kind)
            for flags, rule, kind in (
                (self._is_spoilt[rows], "bad_value", "customer_bad_value"),
                (shares, "shared_phone", "customer_shared_phone"),
            )
            for place in np.flatnonzero(flags).tolist()
        ]
        return Block("customer_details", self._table(rows, modified_at), tuple(planted))

    def change(self, rng: np.random.Generator, day: int, expected: float) -> IntArray:
        """Change some records of customers who joined before ``day``; returns their rows.

        Some move house, some marry and take another name, some change their mind about marketing.
        Spoilt records stay as they are, so that no blemish is delivered twice.
        """
        known = int(np.searchsorted(self.population.joins, day, side="left"))
        if day == 0 or known == 0:
            return np.empty(0, dtype=np.int64)
        size = min(int(rng.poisson(expected)), known)
        rows = np.sort(rng.choice(known, size, replace=False))
        rows = rows[~self._is_spoilt[rows]]
        kinds = rng.random(len(rows))
        minor = is_minor(self.ages)
        consent = self._columns["marketing_consent"]
        for row, kind in zip(rows.tolist(), kinds.tolist(), strict=True):
            people = self._people[self._country[row]]
            if kind < MOVES or minor[row]:
                self._columns["street"][row] = _street(rng, people)
            elif kind < MOVES + MARRIES:
                self._columns["marital_status"][row] = "married"
                self._columns["last_name"][row] = people.last[rng.integers(0, len(people.last))]
            else:
                consent[row] = "false" if consent[row] == "true" else "true"
        return rows

    def _table(self, rows: IntArray, modified_at: TextArray) -> Columns:
        """The columns for these rows, with points and last purchase as they are now."""
        person, population = self._columns, self.population
        origin = self.calendar.origin
        last = population.last_purchase[rows]
        last_text = date_text(np.maximum(last, -20_000), origin)
        return {
            "customer_id": self.ids[rows],
            "first_name": person["first_name"][rows],
            "last_name": person["last_name"][rows],
            "email": person["email"][rows],
            "customer_phone": self.phones[rows],
            "birth_date": person["birth_date"][rows],
            "gender": person["gender"][rows],
            "street": person["street"][rows],
            "post_code": person["post_code"][rows],
            "city": person["city"][rows],
            "state": person["state"][rows],
            "country": person["country"][rows],
            "marital_status": person["marital_status"][rows],
            "occupation": person["occupation"][rows],
            "annual_income": person["annual_income"][rows],
            "loyalty_status": TIERS[population.tier[rows]],
            "total_loyalty_points": integer_text(np.maximum(population.points[rows], 0)),
            "last_purchase_date": np.where(last == NEVER, "", last_text),
            "segment_id": blanks(len(rows)),
            "customer_since": date_text(population.since[rows], origin),
            "marketing_consent": person["marketing_consent"][rows],
            "modified_at": modified_at,
            "is_minor": person["is_minor"][rows],
        }

    def _persons(self, rng: np.random.Generator) -> dict[str, TextArray]:
        """Names, e-mail, street and gender, country by country."""
        count = self.population.count
        columns = {name: blanks(count) for name in ("first_name", "last_name", "email", "street")}
        gender = weighted(rng, np.array([0.52, 0.46, 0.02]), count)
        has_female_name = (gender == 0) | ((gender == 2) & (rng.random(count) < 0.5))
        numbers = texts(map(str, range(1, count + 1)))
        for index, people in enumerate(self._people):
            rows = np.flatnonzero(self._country == index)
            female = has_female_name[rows]
            women = rng.integers(0, len(people.female), len(rows))
            men = rng.integers(0, len(people.male), len(rows))
            last = rng.integers(0, len(people.last), len(rows))
            first_local = np.where(female, people.female_local[women], people.male_local[men])
            domain = pick(rng, MAIL_DOMAINS, len(rows))
            house = integer_text(rng.integers(1, 120, len(rows)))
            columns["first_name"][rows] = np.where(female, people.female[women], people.male[men])
            columns["last_name"][rows] = people.last[last]
            columns["email"][rows] = (
                first_local + "." + people.last_local[last] + numbers[rows] + "@" + domain
            )
            columns["street"][rows] = pick(rng, people.streets, len(rows)) + " " + house
        columns["gender"] = GENDERS[gender]
        return columns


def _street(rng: np.random.Generator, people: People) -> str:
    return f"{people.streets[rng.integers(0, len(people.streets))]} {rng.integers(1, 120)}"


def _post_codes(rng: np.random.Generator, city: IntArray) -> TextArray:
    """A post code of the customer's own city."""
    codes = blanks(len(city))
    for number, place in enumerate(CITIES):
        rows = np.flatnonzero(city == number)
        codes[rows] = numbered(place.post_code, rng.integers(0, place.post_codes, len(rows)))
    return codes


def _phones(rng: np.random.Generator, country: IntArray, strangers: int) -> TextArray:
    """A phone for every customer, then for every stranger; no number occurs twice."""
    owners = np.append(country, rng.integers(0, len(COUNTRIES), strangers))
    codes = texts(f"+{entry.calling_code}6" for entry in COUNTRIES)
    offset = int(rng.integers(0, NUMBERS))
    phones: TextArray = codes[owners] + numbered(
        "%08d", (np.arange(len(owners)) * PHONE_STEP + offset) % NUMBERS
    )
    return phones
