"""All that stays put while sales are made."""

from __future__ import annotations

from dataclasses import dataclass

from seeds_generator.affinities import Affinities
from seeds_generator.calendar import Calendar
from seeds_generator.identities import PhoneBook
from seeds_generator.population import Population
from seeds_generator.products import Assortment
from seeds_generator.promotions import Promotions
from seeds_generator.stock import Stock
from seeds_generator.stores import Stores


@dataclass(frozen=True)
class Market:
    """Everything that a sale depends on."""

    calendar: Calendar
    stores: Stores
    assortment: Assortment
    affinities: Affinities
    population: Population
    promotions: Promotions
    stock: Stock
    phones: PhoneBook
