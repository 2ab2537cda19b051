"""The stores: where they are and how much of the traffic they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import (
    FloatArray,
    IntArray,
    TextArray,
    date_text,
    numbered,
    stream,
    texts,
)
from seeds_generator.calendar import Calendar
from seeds_generator.options import GeneratorOptions
from seeds_generator.places import CITIES

CHAIN = "Harbour & Hill"
SITES = ("Centre", "Station", "Riverside", "Market Hall", "Retail Park", "Old Town")


@dataclass
class Stores:
    """Stores by row; ``city`` is the place in CITIES, ``weight`` the share of the traffic."""

    ids: TextArray
    names: TextArray
    city: IntArray
    opening: TextArray
    weight: FloatArray

    @property
    def count(self) -> int:
        """Number of stores."""
        return len(self.ids)

    def columns(self) -> dict[str, TextArray]:
        """The stores file."""
        cities = [CITIES[index] for index in self.city.tolist()]
        return {
            "store_id": self.ids,
            "store_name": self.names,
            "store_city": texts(city.name for city in cities),
            "store_region": texts(city.region for city in cities),
            "country": texts(city.country.name for city in cities),
            "opening_date": self.opening,
            "time_zone": texts(city.time_zone for city in cities),
        }

    def rename(self, store: int) -> dict[str, TextArray]:
        """Give a store a new name; returns the rows of a stores file that tell so."""
        self.names[store] = f"{self.names[store]} Flagship"
        return {name: column[[store]] for name, column in self.columns().items()}


def build_stores(options: GeneratorOptions, calendar: Calendar) -> Stores:
    """The stores of the options, one in each city first, all open before the history begins."""
    rng = stream(options.seed, "stores")
    numbers = np.arange(options.stores)
    city = numbers % len(CITIES)
    site = numbers // len(CITIES) + numbers % len(SITES)
    names = [
        f"{CHAIN} {CITIES[place].name} {SITES[spot % len(SITES)]}"
        + (f" {round_ + 1}" if (round_ := number // (len(CITIES) * len(SITES))) else "")
        for number, (place, spot) in enumerate(zip(city.tolist(), site.tolist(), strict=True))
    ]
    return Stores(
        ids=numbered("S%03d", numbers + 1),
        names=texts(names),
        city=city,
        opening=date_text(-rng.integers(400, 6000, options.stores), calendar.origin),
        weight=rng.gamma(6.0, 1.0, options.stores) + 2.0,
    )
