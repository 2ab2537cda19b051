"""Products that are bought together: planted pairs, strong enough to be found again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import BoolArray, FloatArray, IntArray
from seeds_generator.products import Assortment

NONE = -1
# (goes into the basket, brings along, with this probability); the best seller of each name
PAIRS = (
    ("Spaghetti", "Tomato Sauce", 0.45),
    ("Ground Coffee", "Oat Biscuits", 0.30),
    ("Muesli", "Oat Drink", 0.35),
    ("Rye Crackers", "Strawberry Jam", 0.25),
    ("Laundry Liquid", "Fabric Softener", 0.40),
    ("Dish Soap", "Sponges", 0.35),
    ("Shampoo", "Conditioner", 0.45),
    ("Toothpaste", "Lip Balm", 0.20),
    ("Jeans", "Belt", 0.25),
    ("Scarf", "Beanie", 0.35),
    ("Frying Pan", "Olive Oil", 0.20),
    ("Keyboard", "Mouse", 0.40),
    ("Race Car", "Batteries AA", 0.45),
    ("Tent", "Sleeping Bag", 0.35),
    ("Yoga Mat", "Water Bottle", 0.25),
    ("Notebook", "Gel Pens", 0.40),
    ("Dry Food", "Treats", 0.45),
    ("Green Tea", "Honey", 0.25),
)


@dataclass(frozen=True)
class Affinities:
    """``companion`` of each product (NONE without one) comes along with ``probability``."""

    companion: IntArray
    probability: FloatArray

    @property
    def pairs(self) -> IntArray:
        """The products that bring another one along."""
        return np.flatnonzero(self.companion != NONE)

    def follow(self, rng: np.random.Generator, product: IntArray) -> tuple[BoolArray, IntArray]:
        """Which lines bring another product along, and which product."""
        follows: BoolArray = rng.random(len(product)) < self.probability[product]
        return follows, self.companion[product]


def build_affinities(assortment: Assortment) -> Affinities:
    """The pairs whose products both exist; a small assortment has fewer."""
    companion = np.full(assortment.count, NONE)
    probability = np.zeros(assortment.count)
    names = assortment.names.tolist()
    for name, other, chance in PAIRS:
        first, second = (
            _best_seller(assortment, names, name),
            _best_seller(assortment, names, other),
        )
        if first != NONE and second != NONE and companion[first] == NONE:
            companion[first], probability[first] = second, chance
    return Affinities(companion, probability)


def _best_seller(assortment: Assortment, names: list[str], ending: str) -> int:
    rows = [row for row, name in enumerate(names) if name.endswith(" " + ending)]
    return max(rows, key=lambda row: (assortment.weight[row], -row), default=NONE)
