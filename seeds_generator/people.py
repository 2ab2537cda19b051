"""Pools of names and streets from Faker, drawn once for each country and combined by numpy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from faker import Faker

from seeds_generator.arrays import TextArray, texts
from seeds_generator.places import Country

FIRST_NAMES = 160
LAST_NAMES = 320
STREETS = 240

SPELLED_OUT = str.maketrans({"ß": "ss", "ø": "o", "œ": "oe", "æ": "ae", "ł": "l"})


@dataclass(frozen=True)
class People:
    """Pools of one country; the ``_local`` tables are the same names as e-mail text."""

    female: TextArray
    female_local: TextArray
    male: TextArray
    male_local: TextArray
    last: TextArray
    last_local: TextArray
    streets: TextArray


def draw_people(country: Country, seed: int) -> People:
    """The pools of a country; the same seed draws the same names."""
    faker = Faker(country.locale)
    faker.seed_instance(f"{seed} {country.name}")
    female = _distinct(faker.first_name_female, FIRST_NAMES)
    male = _distinct(faker.first_name_male, FIRST_NAMES)
    last = _distinct(faker.last_name, LAST_NAMES)
    return People(
        female=texts(female),
        female_local=texts(map(_local, female)),
        male=texts(male),
        male_local=texts(map(_local, male)),
        last=texts(last),
        last_local=texts(map(_local, last)),
        streets=texts(_distinct(faker.street_name, STREETS)),
    )


def _distinct(draw: Callable[[], str], draws: int) -> list[str]:
    return list(dict.fromkeys(draw() for _ in range(draws)))


def _local(name: str) -> str:
    """A name as the part of an e-mail address: plain lower-case letters."""
    spelled = unicodedata.normalize("NFKD", name.lower().translate(SPELLED_OUT))
    return re.sub(r"[^a-z]", "", spelled) or "x"
