"""The truth is in the data: an analyst who looks for it finds it again."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from seeds_generator import PRESETS, generate
from tests.unit.generator.conftest import HEADERS, LINES, SHOP, Known, day


def test_planted_pairs_have_the_highest_lift(known: Known) -> None:
    planted = {(row["product_id"], row["companion_id"]) for row in known.table("affinities")}
    assert len(planted) >= 12
    baskets: dict[str, set[str]] = defaultdict(set)
    for row in known.delivered.rows[LINES]:
        if row["transaction_id"].startswith("T"):
            baskets[row["transaction_id"]].add(row["product_id"])
    single = Counter(product for basket in baskets.values() for product in basket)
    both = Counter(pair for basket in baskets.values() for pair in combinations(sorted(basket), 2))
    lift = {  # the lower end of its interval: rare pairs reach anything by chance
        pair: (count - 2 * count**0.5) * len(baskets) / (single[pair[0]] * single[pair[1]])
        for pair, count in both.items()
        if count >= 30
    }
    best = set(sorted(lift, key=lift.__getitem__, reverse=True)[: len(planted)])
    assert best == {(min(pair), max(pair)) for pair in planted}
    for row in known.table("affinities"):
        first, second = row["product_id"], row["companion_id"]
        confidence = both[min(first, second), max(first, second)] / single[first]
        assert confidence >= 0.85 * float(row["probability"])


def test_an_empty_shelf_is_in_the_truth(known: Known) -> None:
    empty = {
        (row["store_id"], row["product_id"], date.fromisoformat(row["inventory_date"]))
        for row in known.delivered.rows["store_inventory"]
        if row["stock_on_hand"] == "0"
    }
    told = {
        (row["store_id"], row["product_id"], date.fromisoformat(row["first_day"]) + timedelta(n))
        for row in known.table("stockouts")
        for n in range(
            (date.fromisoformat(row["last_day"]) - date.fromisoformat(row["first_day"])).days + 1
        )
    }
    counted = {
        date.fromisoformat(r["inventory_date"]) for r in known.delivered.rows["store_inventory"]
    }
    assert empty == {key for key in told if key[2] in counted}
    assert len(empty) > 100


def test_late_files_hold_the_day_of_their_store_and_nothing_else_is_missing(known: Known) -> None:
    late = known.table("late_files")
    assert {row["is_delivered"] for row in late} == {"true"}, "no day is planned after the end"
    assert len({(row["business_date"], row["store_id"]) for row in late}) >= 5
    names = {row["file"]: row for row in late}
    for file in known.delivered.files.files:
        name = f"{file.path.parent.name}/{file.path.name}"
        if file.data_set != HEADERS or file.path.parent.name == "history":
            continue
        with file.path.open(encoding="utf-8", newline="") as stream:
            found = {(str(day(row)), row["store_id"]) for row in csv.DictReader(stream)}
        if name in names:
            row = names[name]
            assert found == {(row["business_date"], row["store_id"])}
            gap = date.fromisoformat(file.path.parent.name) - date.fromisoformat(
                row["business_date"]
            )
            assert gap.days == int(row["days_late"]) in (1, 2, 3)
        else:
            assert {on for on, _ in found} == {file.path.parent.name}
    keys = [row["transaction_id"] for row in known.delivered.rows[HEADERS]]
    assert len(keys) == len(set(keys))


def test_identities_are_in_the_files(known: Known) -> None:
    customers = {
        row["customer_id"]: row for row in reversed(known.delivered.rows["customer_details"])
    }
    kinds: Counter[str] = Counter()
    guests: dict[str, list[date]] = defaultdict(list)
    for row in known.sales:
        if row["customer_phone"]:
            guests[row["customer_phone"]].append(day(row))
    before = 0
    for row in known.table("identities"):
        kinds[row["kind"]] += 1
        customer = customers[row["customer_id"]]
        if row["kind"] == "guest registers":
            assert customer["customer_phone"] == row["phone"]
            before += any(str(on) < row["registered_on"] for on in guests[row["phone"]])
            continue
        other = customers[row["same_as"]]
        for column in ("first_name", "last_name", "birth_date", "gender", "is_minor", "occupation"):
            assert customer[column] == other[column]
        shared = "customer_phone" if row["kind"] == "same phone" else "email"
        assert customer[shared].lower() == other[shared].lower()
    assert set(kinds) == {"same phone", "same e-mail", "guest registers"}
    assert before > 20  # people who bought as guests before they registered


def test_a_dearer_product_is_bought_less(known: Known) -> None:
    """Purchases before and after each change of price in the history, against the others."""
    prices: dict[str, list[tuple[date, float]]] = defaultdict(list)
    for file in known.delivered.files.files:
        if file.data_set == "products" and file.path.parent.name == "history":
            since = date.fromisoformat(file.path.stem.rsplit("_", 1)[-1])
            with file.path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    prices[row["product_id"]].append((since, float(row["unit_price"])))
    sales = {row["transaction_id"]: day(row) for row in known.sales}
    bought: Counter[tuple[str, date]] = Counter()
    for row in known.delivered.rows[LINES]:
        if row["transaction_id"] in sales and not row["promotion_id"]:
            bought[row["product_id"], sales[row["transaction_id"]]] += 1
    month = [timedelta(days=number) for number in range(28)]
    changes: list[tuple[float, float]] = []
    for product, versions in prices.items():
        for (_, old), (since, new) in pairwise(versions):
            before = sum(bought[product, since - step - timedelta(days=1)] for step in month)
            after = sum(bought[product, since + step] for step in month)
            if min(before, after) >= 20:
                changes.append((math.log(new / old), math.log(after / before)))
    assert len(changes) > 50
    slope = np.polyfit(*np.array(changes).T, 1)[0]
    assert -2.5 < slope < -0.5  # the elasticities lie between -0.9 and -1.9


def test_customers_have_a_store_and_a_category_of_their_own(known: Known) -> None:
    truth = {row["customer_id"]: row for row in known.table("customers")}
    at_home = [
        row["store_id"] == truth[row["customer_id"]]["home_store_id"]
        for row in known.sales
        if row["customer_id"]
    ]
    assert mean(at_home) > 0.8
    category = {
        row["product_id"]: row["product_category"] for row in known.delivered.rows["products"]
    }
    buyer = {row["transaction_id"]: row["customer_id"] for row in known.sales}
    favourite = [
        category[row["product_id"]] == truth[buyer[row["transaction_id"]]]["favourite_category"]
        for row in known.delivered.rows[LINES]
        if buyer.get(row["transaction_id"])
    ]
    assert 0.4 < mean(favourite) < 0.6


def test_the_truth_and_the_files_agree_on_who_is_a_minor(known: Known) -> None:
    """Also of those who registered twice, and after every change of a record."""
    minor = {row["customer_id"]: row["is_minor"] for row in known.table("customers")}
    for row in known.delivered.rows["customer_details"]:
        assert row["is_minor"] == minor[row["customer_id"]], row["customer_id"]
        if row["is_minor"] == "true":
            assert (row["occupation"], row["marketing_consent"]) == ("Pupil", "false")


def test_parameters_say_how_it_was_made(known: Known) -> None:
    parameters = json.loads((known.folder / "parameters.json").read_text(encoding="utf-8"))
    assert parameters["options"]["customers"] == SHOP.customers
    rates = [float(row["purchases_a_day"]) for row in known.table("customers")]
    buyers = [rate for rate in rates if rate > 0]
    assert mean(buyers) == pytest.approx(SHOP.purchases_a_day, rel=0.05)
    a, b = parameters["purchases"]["a"], parameters["purchases"]["b"]
    dropouts = [float(row["dropout_probability"]) for row in known.table("customers")]
    assert mean(dropouts) == pytest.approx(a / (a + b), rel=0.1)


@pytest.mark.parametrize(
    ("preset", "scale", "headers", "lines"),
    [("demo", 1, 38_000, 97_000), ("large", 100, 1_500_000, 5_000_000),
     ("xl", 100, 6_000_000, 20_000_000)],
)  # fmt: skip
def test_presets_have_the_size_they_promise(
    tmp_path: Path, preset: str, scale: int, headers: int, lines: int
) -> None:
    """A hundredth of the customers gives a hundredth of the sales."""
    options = PRESETS[preset]
    small = replace(options, customers=options.customers // scale)
    if scale > 1:
        small = replace(small, stores=20, products=500)
    made = generate(small, tmp_path)
    assert made.rows(HEADERS) * scale == pytest.approx(headers, rel=0.06)
    assert made.rows(LINES) * scale == pytest.approx(lines, rel=0.06)
