"""The customer file: who the customers are, and how their records change."""

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
from seeds_generator.options import GeneratorOptions
from seeds_generator.people import draw_people
from seeds_generator.places import CITIES, COUNTRIES
from seeds_generator.population import NEVER, Population
from seeds_generator.stores import Stores

TIERS = texts(["Bronze", "Silver", "Gold", "Platinum"])
GENDERS = texts(["F", "M", "X"])
MARITAL = texts(["single", "married", "married", "divorced", "widowed", ""])
OCCUPATIONS = texts(
    [
        "Teacher",
        "Nurse",
        "Developer",
        "Electrician",
        "Accountant",
        "Student",
        "Retired",
        "Architect",
        "Chef",
        "Driver",
        "Designer",
        "Engineer",
        "Farmer",
        "Journalist",
        "Lawyer",
        "Mechanic",
        "Pharmacist",
        "Librarian",
        "Carpenter",
        "Manager",
        "Cleaner",
        "",
    ]
)
MAIL_DOMAINS = texts(["example.com", "example.org", "example.net"])
BAD_BIRTH_DATE, BAD_INCOME = "1979-02-30", "about 40k"
NUMBERS = 100_000_000  # subscriber numbers of eight digits
PHONE_STEP = 7_919  # has no factor in common with NUMBERS: every index gets a number of its own


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
        country = np.array([COUNTRIES.index(place.country) for place in CITIES])[city]
        self.phones = _phones(rng, country, self.strangers)
        places = {
            "city": texts(place.name for place in CITIES)[city],
            "state": texts(place.region for place in CITIES)[city],
            "country": texts(place.country.name for place in CITIES)[city],
        }
        self._country = country
        self._streets: dict[int, TextArray] = {}
        self._columns = {
            **self._persons(rng, options.seed),
            **places,
            "marital_status": pick(rng, MARITAL, count),
            "occupation": pick(rng, OCCUPATIONS, count),
            "annual_income": _incomes(rng, count),
            "marketing_consent": texts(["true", "false"])[(rng.random(count) < 0.35).astype(int)],
        }

    def blemish(self, rng: np.random.Generator, each: int) -> dict[tuple[str, str], int]:
        """Spoil the birth date or the income of ``each`` customers: a warning, never a lost row."""
        each = min(each, self.population.count // 2)
        spoilt = rng.choice(self.population.count, 2 * each, replace=False)
        self._columns["annual_income"][spoilt[:each]] = BAD_INCOME
        self._columns["birth_date"][spoilt[each:]] = BAD_BIRTH_DATE
        self._spoilt = frozenset(spoilt.tolist())
        return {("customer_details", "bad_value"): 2 * each}

    def change(self, rng: np.random.Generator, day: int, expected: float) -> IntArray:
        """Change some records of customers who joined before ``day``; returns their rows.

        Some move house, some change their mind about marketing. Spoilt records stay as they are,
        so that no blemish is delivered twice.
        """
        known = int(np.searchsorted(self.population.joins, day, side="left"))
        if day == 0 or known == 0:
            return np.empty(0, dtype=np.int64)
        size = min(int(rng.poisson(expected)), known)
        rows = np.sort(rng.choice(known, size, replace=False))
        rows = rows[[row not in self._spoilt for row in rows.tolist()]]
        moves = rng.random(len(rows)) < 0.6
        for row, is_moving in zip(rows.tolist(), moves.tolist(), strict=True):
            if is_moving:
                self._columns["street"][row] = self._street(rng, int(self._country[row]))
            else:
                consent = self._columns["marketing_consent"]
                consent[row] = "false" if consent[row] == "true" else "true"
        return rows

    def columns(self, rows: IntArray, modified_at: TextArray) -> dict[str, TextArray]:
        """The customer file for these rows, with points and last purchase as they are now."""
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
        }

    _spoilt: frozenset[int] = frozenset()

    def _street(self, rng: np.random.Generator, country: int) -> str:
        streets = self._streets[country]
        return f"{streets[rng.integers(0, len(streets))]} {rng.integers(1, 120)}"

    def _persons(self, rng: np.random.Generator, seed: int) -> dict[str, TextArray]:
        """Names, e-mail, street, post code, birth date and gender, country by country."""
        count = self.population.count
        names = ("first_name", "last_name", "email", "street", "post_code")
        columns = {name: blanks(count) for name in names}
        gender = weighted(rng, np.array([0.52, 0.46, 0.02]), count)
        has_female_name = (gender == 0) | ((gender == 2) & (rng.random(count) < 0.5))
        numbers = texts(map(str, range(1, count + 1)))
        for index, country in enumerate(COUNTRIES):
            rows = np.flatnonzero(self._country == index)
            people = draw_people(country, seed)
            self._streets[index] = people.streets
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
            codes = rng.integers(0, country.post_codes, len(rows))
            columns["post_code"][rows] = numbered(country.post_code, codes)
        days = (18 + 68 * rng.beta(1.6, 2.4, count)) * 365.25
        columns["birth_date"] = date_text(-days.astype(np.int64), self.calendar.origin)
        columns["gender"] = GENDERS[gender]
        return columns


def _phones(rng: np.random.Generator, country: IntArray, strangers: int) -> TextArray:
    """A phone for every customer, then for every stranger; no number occurs twice."""
    owners = np.append(country, rng.integers(0, len(COUNTRIES), strangers))
    codes = texts(f"+{entry.calling_code}6" for entry in COUNTRIES)
    offset = int(rng.integers(0, NUMBERS))
    phones: TextArray = codes[owners] + numbered(
        "%08d", (np.arange(len(owners)) * PHONE_STEP + offset) % NUMBERS
    )
    return phones


def _incomes(rng: np.random.Generator, count: int) -> TextArray:
    incomes = (rng.lognormal(10.4, 0.45, count) / 100).astype(np.int64) * 100
    return np.where(rng.random(count) < 0.2, "", integer_text(incomes))
