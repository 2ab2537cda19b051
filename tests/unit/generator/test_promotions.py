"""Promotions stand apart, and each does what its truth says."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from seeds_generator import PRESETS, GeneratedFiles, GeneratorOptions, PromotionTruth, generate
from seeds_generator.calendar import build_calendar
from seeds_generator.categories import CATEGORIES
from seeds_generator.promotion_truth import promotion_truth
from seeds_generator.promotions import build_promotions
from seeds_generator.stores import build_stores

BEFORE = 14  # days to compare with
# As many promotions at a time as `large` has, with a tenth of its sales.
DENSE = replace(
    PRESETS["large"],
    customers=20_000,
    stores=60,
    products=600,
    defect_rate=0,
    late_rate=0,
    outlier_rate=0,
)
CROWDED = GeneratorOptions(
    history_days=120, days=0, customers=6000, stores=4, promotions=60, defect_rate=0
)


@pytest.mark.parametrize("preset", ["demo", "small", "large", "xl"])
def test_no_promotion_disturbs_another_and_half_of_the_stores_stay_to_compare(
    preset: str,
) -> None:
    """Store by store and day by day, written down in a table."""
    options = PRESETS[preset]
    promotions = truth(options)
    assert len(promotions) == options.promotions
    taken: dict[tuple[str, str, object], str] = {}
    for promotion in promotions:
        assert promotion.overlaps == ()
        assert promotion.effective == (promotion.uplift, promotion.dip)
        assert (promotion.start - options.first_day).days >= BEFORE
        for name in affected(promotion):
            for store in promotion.stores:
                for on in days(promotion, 0, promotion.dip_days):
                    assert taken.setdefault((name, store, on), "") == "", promotion
                    taken[name, store, on] = promotion.promotion_id
    for promotion in promotions:
        for name in affected(promotion):
            window = set(days(promotion, BEFORE, 0))
            touched = {
                store
                for other in promotions
                if name in affected(other) and window & set(days(other, 0, other.dip_days))
                for store in other.stores
            }
            assert options.stores - len(touched) >= options.stores // 3
            mine = {promotion.promotion_id, None}
            for store in promotion.stores:
                for on in days(promotion, BEFORE, promotion.dip_days):
                    assert taken.get((name, store, on)) in mine, promotion


def test_a_deeper_discount_brings_more_units() -> None:
    gains = {(p.discount, p.uplift) for p in truth(DENSE) if p.uplift > 0}
    assert len(gains) == 5
    assert [gain for _, gain in sorted(gains)] == sorted(gain for _, gain in gains)


def test_where_there_is_no_room_the_truth_names_what_overlaps() -> None:
    promotions = {promotion.promotion_id: promotion for promotion in truth(CROWDED)}
    assert len(promotions) == CROWDED.promotions
    crowded = [promotion for promotion in promotions.values() if promotion.overlaps]
    assert 20 < len(crowded) < len(promotions)
    for one, other in combinations(promotions.values(), 2):
        together = set(one.stores) & set(other.stores) and affected(one) & affected(other)
        within = set(days(one, 0, 0)) & set(days(other, 0, 0))
        if together and within:
            assert other.promotion_id in one.overlaps
            assert one.promotion_id in other.overlaps


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    return sold(DENSE, tmp_path_factory.mktemp("dense"))


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    return sold(CROWDED, tmp_path_factory.mktemp("crowded"))


def test_each_uplift_is_found_again_within_its_interval(dense: Sold) -> None:
    found = [z for p in dense.promotions if (z := dense.off(p, after=False)) is not None]
    assert len(found) >= 50
    assert_standard(found)


def test_each_dip_is_found_again_within_its_interval(dense: Sold) -> None:
    dips = [promotion for promotion in dense.promotions if promotion.dip > 0]
    assert all(p.dip_days == 14 and p.uplift > 0 for p in dips)
    assert all(p.dip_days == 0 for p in dense.promotions if p.dip == 0)
    found = [z for p in dips if (z := dense.off(p, after=True)) is not None]
    assert len(found) >= 5
    assert_standard(found)
    measured = [(p.dip, *dense.ratio(p, after=True)) for p in dips if dense.ends_within(p)]
    evidence = sum(dip * log / error**2 for dip, log, error in measured)
    noise = math.sqrt(sum((dip / error) ** 2 for dip, _, error in measured))
    assert evidence < -3 * noise  # that there is no dip is out of the question


def test_overlapping_promotions_do_what_their_effective_truth_says(crowded: Sold) -> None:
    """Against the days before, in which others may run; and not what each does by itself."""
    overlapping = [p for p in crowded.promotions if p.overlaps and p.category != "ALL"]
    found = [z for p in overlapping if (z := crowded.off(p, after=False)) is not None]
    assert len(found) >= 15
    assert_standard(found)
    alone = [replace(p, effective=(p.uplift, p.dip)) for p in overlapping]
    wrong = [z for p in alone if (z := crowded.off(p, after=False)) is not None]
    assert np.mean(np.square(wrong)) > 3


def assert_standard(found: list[float]) -> None:
    """Standard normal numbers: none far off, no drift, spread about 1."""
    count = len(found)
    assert max(map(abs, found)) < 4
    assert abs(sum(found)) < 3 * math.sqrt(count)
    assert np.mean(np.square(found)) < 1 + 3.5 * math.sqrt(2 / count)


@dataclass(frozen=True)
class Sold:
    """Units sold, categories x stores x days, and the promotions."""

    options: GeneratorOptions
    promotions: tuple[PromotionTruth, ...]
    units: NDArray[np.float64]
    squares: NDArray[np.float64]

    def ratio(self, promotion: PromotionTruth, *, after: bool) -> tuple[float, float]:
        """Log of the change against the days before and the stores that do not take part.

        And its standard error: a sum of lines has the variance of the sum of their squares.
        """
        category = [entry.name for entry in CATEGORIES].index(promotion.category)
        start = (promotion.start - self.options.first_day).days
        end = (promotion.end - self.options.first_day).days + 1
        window = slice(end, end + promotion.dip_days) if after else slice(start, end)
        part = np.isin(np.arange(self.options.stores), [int(s[1:]) - 1 for s in promotion.stores])
        others = np.ones(self.options.stores, dtype=bool)
        for other in self.promotions:  # those that nothing touches
            if affected(other) & affected(promotion):
                others[[int(store[1:]) - 1 for store in other.stores]] = False
        log, variance = 0.0, 0.0
        for stores, sign in ((part, 1), (others, -1)):
            for on, of in ((window, 1), (slice(max(start - BEFORE, 0), start), -1)):
                units = self.units[category][stores, on].sum()
                log += sign * of * math.log(units)
                variance += self.squares[category][stores, on].sum() / units**2
        return log, math.sqrt(variance)

    def ends_within(self, promotion: PromotionTruth, *, dip: bool = True) -> bool:
        """Whether all its days are in the data, those of the dip, too."""
        last = promotion.end + timedelta(days=promotion.dip_days if dip else 0)
        return last <= self.options.end

    def off(self, promotion: PromotionTruth, *, after: bool) -> float | None:
        """Standard errors by which it is off; None of what is not within the data."""
        if promotion.category == "ALL" or not self.ends_within(promotion, dip=after):
            return None
        log, error = self.ratio(promotion, after=after)
        uplift, dip = promotion.effective
        return (log - math.log1p(-dip if after else uplift)) / error


def truth(options: GeneratorOptions) -> tuple[PromotionTruth, ...]:
    """The promotions of the options, without any sale."""
    calendar = build_calendar(options)
    stores = build_stores(options, calendar)
    return promotion_truth(build_promotions(options, calendar, stores), calendar, stores)


def affected(promotion: PromotionTruth) -> set[str]:
    goods = {entry.name for entry in CATEGORIES if entry.is_merchandise}
    return goods if promotion.category == "ALL" else {promotion.category}


def days(promotion: PromotionTruth, before: int, after: int) -> list[object]:
    """The days of the window, with some before and after it."""
    first = promotion.start - timedelta(days=before)
    length = (promotion.end - promotion.start).days + 1 + before + after
    return [first + timedelta(days=number) for number in range(length)]


def sold(options: GeneratorOptions, folder: Path) -> Sold:
    """Generates and counts; baskets of one customer go together in what varies."""
    made = generate(options, folder)
    category, day_of, store_of = {}, {}, {}
    names = [entry.name for entry in CATEGORIES]
    units = np.zeros((len(names), options.stores, options.total_days))
    squares = np.zeros_like(units)
    for row in rows_of(made, "products"):
        category[row["product_id"]] = names.index(row["product_category"])
    first = np.datetime64(options.first_day)
    dates = np.arange(first, first + options.total_days).astype(str).tolist()
    number = {text: place for place, text in enumerate(dates)}
    for row in rows_of(made, "store_sales_header"):
        if row["transaction_type"] == "SALE":
            key = row["transaction_id"]
            day_of[key] = number[row["transaction_date"][:10]]
            store_of[key] = int(row["store_id"][1:]) - 1
    baskets: Counter[tuple[int, str]] = Counter()
    for row in rows_of(made, "store_sales_line_items"):
        if row["transaction_id"] in day_of:
            key = (category[row["product_id"]], row["transaction_id"])
            baskets[key] += int(row["quantity"])
    for (of, key), quantity in baskets.items():
        units[of, store_of[key], day_of[key]] += quantity
        squares[of, store_of[key], day_of[key]] += quantity**2
    return Sold(options, made.promotions, units, squares)


def rows_of(made: GeneratedFiles, data_set: str) -> list[dict[str, str]]:
    found = []
    for file in made.files:
        if file.data_set == data_set:
            with file.path.open(encoding="utf-8", newline="") as stream:
                found += list(csv.DictReader(stream))
    return found
