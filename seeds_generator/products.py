"""The assortment: products with names, prices and their pull on customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds_generator.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    integer_text,
    money_text,
    numbered,
    stream,
    texts,
)
from seeds_generator.categories import CATEGORIES, Category
from seeds_generator.options import GeneratorOptions

ENDINGS = np.array([99, 49, 0])
ENDING_WEIGHTS = (0.6, 0.25, 0.15)
PRICE_STEPS = (0.88, 0.94, 1.05, 1.10)


@dataclass
class Assortment:
    """Products by row, those of one category side by side and its best seller first.

    ``price`` and ``cost`` are cents; prices change over time, and with them ``edges``, the
    cumulated weights: a dearer product is bought less often, by the elasticity of its category.
    ``category_start`` holds the first product of each category and, at its end, their number.
    """

    ids: TextArray
    names: TextArray
    brands: TextArray
    category: IntArray
    price: IntArray
    cost: IntArray
    weight: FloatArray
    edges: FloatArray
    category_start: IntArray
    is_merchandise: BoolArray
    usual_price: IntArray

    @property
    def count(self) -> int:
        """Number of products."""
        return len(self.ids)

    def columns(self, stock: IntArray) -> dict[str, TextArray]:
        """The products file, with the stock of all stores together."""
        categories = texts(category.name for category in CATEGORIES)
        flags = texts(["false", "true"])
        return {
            "product_id": self.ids,
            "product_name": self.names,
            "product_category": categories[self.category],
            "unit_price": money_text(self.price),
            "current_stock_level": integer_text(stock),
            "unit_cost": money_text(self.cost),
            "brand": self.brands,
            "is_merchandise": flags[self.is_merchandise.astype(np.int64)],
        }

    def change_prices(self, rng: np.random.Generator, share: float) -> None:
        """Move the prices of a share of the merchandise, never to cost or below."""
        chosen = (rng.random(self.count) < share) & self.is_merchandise
        moved = self.price * np.array(PRICE_STEPS)[rng.integers(0, len(PRICE_STEPS), self.count)]
        price = _with_ending(rng, moved / 100)
        self.price = np.where(chosen & (price > self.cost), price, self.price)
        self.edges = _edges(self.weight * self._pull_of_price())

    def _pull_of_price(self) -> FloatArray:
        """How much more often a product is bought at its price of today than at its usual one."""
        elasticity = np.array([category.elasticity for category in CATEGORIES])[self.category]
        pull: FloatArray = (self.price / self.usual_price) ** -elasticity
        return pull


def build_assortment(options: GeneratorOptions) -> Assortment:
    """The products of the options, shared out over the categories."""
    rng = stream(options.seed, "products")
    sizes = _sizes(options.products)
    names: list[str] = []
    brands: list[str] = []
    prices, costs, weights = [], [], []
    for entry, size in zip(CATEGORIES, sizes.tolist(), strict=True):
        brand = rng.integers(0, len(entry.brands), size)
        brands += [entry.brands[index] for index in brand]
        names += [
            f"{entry.brands[index]} {name}"
            for index, name in zip(brand, _names(rng, entry, size), strict=True)
        ]
        price = _prices(rng, entry, size)
        cost = np.minimum(price * rng.uniform(*entry.margin, size), price - 1)
        prices.append(price)
        costs.append(cost.astype(np.int64))
        pull = 1 / (np.arange(size) + 2.5) ** 0.7
        weights.append(entry.share * pull / pull.sum())
    weight = np.concatenate(weights)
    category = np.repeat(np.arange(len(CATEGORIES)), sizes)
    merchandise = np.array([entry.is_merchandise for entry in CATEGORIES])[category]
    return Assortment(
        ids=numbered("P%05d", np.arange(1, options.products + 1)),
        names=texts(names),
        brands=texts(brands),
        category=category,
        price=np.concatenate(prices),
        cost=np.concatenate(costs),
        weight=weight,
        edges=_edges(weight),
        category_start=np.append(0, np.cumsum(sizes)),
        is_merchandise=merchandise,
        usual_price=np.concatenate(prices),
    )


def _edges(weight: FloatArray) -> FloatArray:
    return np.append(0.0, np.cumsum(weight / weight.sum()))


def _sizes(products: int) -> IntArray:
    """At least one product a category, the rest by share; gift cards stay few."""
    shares = np.array([category.share for category in CATEGORIES])
    sizes: IntArray = 1 + np.floor((products - len(CATEGORIES)) * shares / shares.sum()).astype(
        np.int64
    )
    gift = [category.is_merchandise for category in CATEGORIES].index(False)
    sizes[gift] = min(sizes[gift], 6)
    sizes[0] += products - sizes.sum()
    return sizes


def _names(rng: np.random.Generator, category: Category, size: int) -> list[str]:
    """Different names: every thing once before any comes in a second kind, then editions."""
    things, kinds = len(category.things), len(category.kinds)
    first_kind = rng.integers(0, kinds, things)
    names: list[str] = []
    while len(names) < size:
        edition, round_ = divmod(len(names) // things, kinds)
        for thing in rng.permutation(things).tolist():
            kind = category.kinds[(first_kind[thing] + round_) % kinds]
            name = f"{kind} {category.things[thing]}"
            names.append(name + (f" No. {edition + 1}" if edition else ""))
    return names[:size]


def _prices(rng: np.random.Generator, category: Category, size: int) -> IntArray:
    lowest, highest = category.prices
    if not category.is_merchandise:
        steps = np.array([1000, 2500, 5000, 10000])
        return steps[np.arange(size) % len(steps)]
    middle, spread = np.log(lowest * highest) / 2, np.log(highest / lowest) / 4
    return _with_ending(rng, np.clip(rng.lognormal(middle, spread, size), lowest, highest))


def _with_ending(rng: np.random.Generator, price: FloatArray) -> IntArray:
    """Cents with a retail ending; never below 0.49."""
    ending = rng.choice(ENDINGS, len(price), p=ENDING_WEIGHTS)
    cents: IntArray = np.maximum(np.floor(price).astype(np.int64) * 100 + ending, 49)
    return cents
