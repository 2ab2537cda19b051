"""The truth is in the data: an analyst who looks for it finds it again."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from statistics import mean, median

import numpy as np
import pytest

from seeds_generator import PRESETS, GeneratorOptions, feed, generate, read_plan
from seeds_generator.calendar import build_calendar
from seeds_generator.feed import NoPlanError, Plan, feed_until
from tests.unit.generator.conftest import Delivered, Row, read

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
SHOP = GeneratorOptions(
    history_days=180,
    days=7,
    customers=6000,
    stores=20,
    promotions=14,
    defect_rate=0,
    outlier_rate=0.0005,
    late_rate=0.2,
    seed=5,
)


@dataclass(frozen=True)
class Known:
    """A delivery, read back, and the tables of its truth."""

    delivered: Delivered
    folder: Path

    def table(self, name: str) -> list[Row]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    @property
    def sales(self) -> list[Row]:
        """Headers of sales."""
        return [row for row in self.delivered.rows[HEADERS] if row["transaction_type"] == "SALE"]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("truth")
    return Known(read(SHOP, folder / "out", truth=folder / "truth"), folder / "truth")


def day(row: Row) -> date:
    return date.fromisoformat(row["transaction_date"][:10])


def test_nobody_buys_after_dropping_out_and_others_go_on(known: Known) -> None:
    last: dict[str, date] = {}
    for row in known.sales:
        last[row["customer_id"]] = max(day(row), last.get(row["customer_id"], date.min))
    customers = known.table("customers")
    dropped = [row for row in customers if row["dropped_on"]]
    assert 0.15 < len(dropped) / len(customers) < 0.5
    for row in dropped:
        assert last.get(row["customer_id"], date.min) <= date.fromisoformat(row["dropped_on"])
    exact = sum(
        last.get(row["customer_id"]) == date.fromisoformat(row["dropped_on"]) for row in dropped
    )
    assert exact > 0.95 * len(dropped)  # the rest: a last visit that found nothing to buy


def test_purchases_are_those_of_the_process(known: Known) -> None:
    """BG/NBD: E[X(t)] = (1 - exp(-rate p t)) / p of a customer with a rate and a drop-out p."""
    counts = Counter(row["customer_id"] for row in known.sales)
    days = build_calendar(SHOP).busyness.sum()  # there are busy and quiet ones
    expected = seen = 0.0
    for row in known.table("customers"):
        if row["joined_on"]:
            continue
        rate, p = float(row["purchases_a_day"]), float(row["dropout_probability"])
        expected += (1 - math.exp(-rate * p * days)) / p
        seen += counts[row["customer_id"]]
    assert seen == pytest.approx(expected, rel=0.03)


def test_mean_spend_of_a_customer_is_the_truth(known: Known) -> None:
    truth = {row["customer_id"]: float(row["mean_spend"]) for row in known.table("customers")}
    promoted = {row["transaction_id"] for row in known.delivered.rows[LINES] if row["promotion_id"]}
    outliers = {row["transaction_id"] for row in _outlier_lines(known)}
    spend: dict[str, list[float]] = defaultdict(list)
    for row in known.sales:
        if row["customer_id"] and row["transaction_id"] not in promoted | outliers:
            spend[row["customer_id"]].append(float(row["total_amount"]))
    pairs = [(mean(seen), truth[key]) for key, seen in spend.items() if len(seen) >= 20]
    assert len(pairs) > 500
    seen_means, true_means = np.array(pairs).T
    assert np.corrcoef(seen_means, true_means)[0, 1] > 0.85
    assert seen_means.mean() == pytest.approx(true_means.mean(), rel=0.08)


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_promotions_change_units_as_the_truth_says(known: Known, sign: int) -> None:
    """Units a day in stores that take part against the others, within and before the window."""
    units = _units(known)
    stores = {row["store_id"] for row in known.delivered.rows["stores"]}
    tested = 0
    for promotion in known.delivered.files.promotions:
        category = promotion.category
        length = (promotion.end - promotion.start).days + 1
        if np.sign(promotion.uplift) != sign or category == "ALL" or length < 10:
            continue
        others = _disturbed(known, promotion.promotion_id, category)
        window = [promotion.start + timedelta(days=n) for n in range(length)]
        before = [promotion.start - timedelta(days=n + 1) for n in range(28)]
        if others & {*window, *before} or promotion.end > SHOP.end:
            continue
        part, control = set(promotion.stores), stores - set(promotion.stores)

        def rate(where: set[str], days: list[date], category: str = category) -> float:
            return sum(units[category, store, on] for store in where for on in days) / len(days)

        found = (rate(part, window) / rate(part, before)) / (
            rate(control, window) / rate(control, before)
        ) - 1
        assert found == pytest.approx(promotion.uplift, abs=0.25), promotion
        tested += 1
    assert tested >= 1


def test_a_promotion_that_only_brought_purchases_forward_is_followed_by_a_dip(
    known: Known,
) -> None:
    dips = [p for p in known.delivered.files.promotions if p.dip > 0]
    assert dips and all(p.dip_days == 14 and p.uplift > 0 for p in dips)
    assert all(p.dip_days == 0 for p in known.delivered.files.promotions if p.dip == 0)


def test_planted_pairs_have_the_highest_lift(known: Known) -> None:
    planted = {(row["product_id"], row["companion_id"]) for row in known.table("affinities")}
    assert len(planted) >= 12
    baskets: dict[str, set[str]] = defaultdict(set)
    for row in known.delivered.rows[LINES]:
        if row["transaction_id"].startswith("T"):
            baskets[row["transaction_id"]].add(row["product_id"])
    single = Counter(product for basket in baskets.values() for product in basket)
    both = Counter(pair for basket in baskets.values() for pair in combinations(sorted(basket), 2))
    lift = {
        pair: count * len(baskets) / (single[pair[0]] * single[pair[1]])
        for pair, count in both.items()
        if count >= 30
    }
    best = set(sorted(lift, key=lift.__getitem__, reverse=True)[: len(planted)])
    assert best == {(min(pair), max(pair)) for pair in planted}
    for row in known.table("affinities"):
        first, second = row["product_id"], row["companion_id"]
        confidence = both[min(first, second), max(first, second)] / single[first]
        assert confidence >= 0.85 * float(row["probability"])


def test_outliers_stand_far_off_in_their_category(known: Known) -> None:
    """Semantics section 11: robust z on the log of the amount, beyond 3.5."""
    outliers = {(row["transaction_id"], row["line_item_id"]) for row in _outlier_lines(known)}
    assert len(outliers) > 20
    category = {
        row["product_id"]: row["product_category"] for row in known.delivered.rows["products"]
    }
    amounts: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for row in known.delivered.rows[LINES]:
        if float(row["line_item_amount"]) > 0:
            key = (row["transaction_id"], row["line_item_id"])
            amount = math.log(float(row["line_item_amount"]))
            amounts[category[row["product_id"]]].append((key in outliers, amount))
    flagged = planted = 0
    for values in amounts.values():
        middle = median(amount for _, amount in values)
        spread = median(abs(amount - middle) for _, amount in values)
        for is_outlier, amount in values:
            if is_outlier:
                planted += 1
                flagged += abs(0.6745 * (amount - middle) / spread) > 3.5
    assert flagged >= 0.8 * planted


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


def test_the_next_day_is_what_it_would_have_been(tmp_path: Path) -> None:
    """`feed` goes on with the same world, late files of the days before included."""
    short = replace(PRESETS["small"], history_days=20, days=3, ahead_days=6, late_rate=0.3)
    generate(short, tmp_path / "fed")
    Plan(short, short.end).save(tmp_path / "fed")
    days = [feed(tmp_path / "fed")[0] for _ in range(4)]
    assert days == [short.end + timedelta(days=n) for n in range(1, 5)]
    assert read_plan(tmp_path / "fed").delivered == days[-1]
    alone = tmp_path / "alone"
    generate(short, alone, only_day=short.history_days + 1)
    name = str(short.last_history_day + timedelta(days=2))
    assert {path.name for path in alone.iterdir()} == {name}
    written = {path.name: path.read_bytes() for path in (alone / name).iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "fed" / name).iterdir()}
    late = [path.name for path in (tmp_path / "fed").glob("*/store_sales_header_*.csv")]
    assert any(str(short.end) in file for file in late), "what was late at the end comes"


def test_a_schedule_feeds_the_days_up_to_its_own_and_a_hand_one_more(tmp_path: Path) -> None:
    options = replace(PRESETS["small"], history_days=5, days=1, ahead_days=4)
    shop = tmp_path / "shop"  # right below the landing folder, as in the containers
    generate(options, shop)
    Plan(options, options.end).save(shop)
    two_later = options.end + timedelta(days=2)
    assert feed_until(tmp_path, options.end) == []
    assert feed_until(tmp_path, two_later) == [options.end + timedelta(days=1), two_later]
    assert feed_until(tmp_path, None) == [two_later + timedelta(days=1)]
    assert (shop / str(two_later) / "store_sales_header.csv").exists()


def test_a_feed_that_was_stopped_is_taken_up_again(tmp_path: Path) -> None:
    options = replace(PRESETS["small"], history_days=5, days=1, ahead_days=1)
    generate(options, tmp_path)
    Plan(options, options.end).save(tmp_path)
    day, _ = feed(tmp_path)
    before = (tmp_path / str(day) / "products.csv").read_bytes()
    Plan(options, options.end).save(tmp_path)  # as if it had been stopped before the last step
    assert feed(tmp_path)[0] == day
    assert (tmp_path / str(day) / "products.csv").read_bytes() == before
    with pytest.raises(NoPlanError, match="the plan ends"):
        feed(tmp_path)
    with pytest.raises(NoPlanError, match="not a folder of invented files"):
        feed(tmp_path / "elsewhere")


def _outlier_lines(known: Known) -> list[Row]:
    """The lines of the files that outliers.csv points at."""
    places: dict[str, set[int]] = defaultdict(set)
    for row in known.table("outliers"):
        places[row["file"]].add(int(row["record"]))
    found = []
    for file in known.delivered.files.files:
        name = f"{file.path.parent.name}/{file.path.name}"
        if name in places:
            with file.path.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            found += [rows[number - 1] for number in places[name]]
    return found


def _units(known: Known) -> Counter[tuple[str, str, date]]:
    """Units sold by category, store and day."""
    category = {
        row["product_id"]: row["product_category"] for row in known.delivered.rows["products"]
    }
    sales = {row["transaction_id"]: row for row in known.sales}
    outliers = {(row["transaction_id"], row["line_item_id"]) for row in _outlier_lines(known)}
    units: Counter[tuple[str, str, date]] = Counter()
    for row in known.delivered.rows[LINES]:
        sale = sales.get(row["transaction_id"])
        if sale and (row["transaction_id"], row["line_item_id"]) not in outliers:
            key = (category[row["product_id"]], sale["store_id"], day(sale))
            units[key] += int(row["quantity"])
    return units


def _disturbed(known: Known, promotion_id: str, category: str) -> set[date]:
    """Days on which another promotion, or its dip, touches the category."""
    return {
        other.start + timedelta(days=number)
        for other in known.delivered.files.promotions
        if other.promotion_id != promotion_id and other.category in (category, "ALL")
        for number in range((other.end - other.start).days + 1 + other.dip_days)
        if other.uplift or other.dip
    }
