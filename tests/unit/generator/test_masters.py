"""Stores, products, customers, promotions, rules and stock."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from seeds_generator import GeneratorOptions, generate, world
from seeds_generator.demographics import AGE_BANDS
from seeds_generator.identities import SECOND_REGISTRATIONS
from seeds_generator.places import CITIES

if TYPE_CHECKING:
    from tests.unit.generator.conftest import Delivered

HEADERS, LINES = "store_sales_header", "store_sales_line_items"


def test_stores_are_open_and_have_a_time_zone(clean: Delivered) -> None:
    stores = clean.rows["stores"]
    first = str(clean.options.first_day)
    assert len({row["store_name"] for row in stores}) == len(stores)
    assert all(row["opening_date"] < first for row in stores)
    assert len({str(ZoneInfo(row["time_zone"])) for row in stores}) > 2
    places = {(row["store_city"], row["store_region"], row["country"]) for row in stores}
    assert len(places) == len({row["store_city"] for row in stores})


def test_one_store_is_renamed_by_a_daily_drop(clean: Delivered) -> None:
    names = defaultdict(list)
    for row in clean.rows["stores"]:
        names[row["store_id"]].append(row["store_name"])
    assert sorted(map(len, names.values())) == [1] * 11 + [2]


def test_products_have_names_prices_and_cost_below_price(clean: Delivered) -> None:
    products = clean.rows["products"][: clean.options.products]
    assert len({row["product_name"] for row in products}) == len(products)
    for row in clean.rows["products"]:
        assert 0 < Decimal(row["unit_cost"]) < Decimal(row["unit_price"])
        assert row["unit_price"][-3:] in {".99", ".49", ".00"}
        assert int(row["current_stock_level"]) >= 0
    goods = {row["product_category"]: row["is_merchandise"] for row in products}
    assert len(goods) >= 9
    assert [name for name, flag in goods.items() if flag == "false"] == ["Gift Cards"]


def test_prices_and_stock_levels_change_from_day_to_day(clean: Delivered) -> None:
    count = clean.options.products
    daily = clean.rows["products"][-count * clean.options.days :]
    versions = [daily[start : start + count] for start in range(0, len(daily), count)]
    prices, same = 0, 0
    for old, new in pairwise(versions):
        pairs = list(zip(old, new, strict=True))
        prices += sum(a["unit_price"] != b["unit_price"] for a, b in pairs)
        same += sum(a == b for a, b in pairs)
        assert sum(a["current_stock_level"] != b["current_stock_level"] for a, b in pairs) > 150
    assert 10 < prices < 100
    assert 0 <= clean.files.unchanged_versions["products"] - same < 90  # the first day's, too


def test_prices_change_every_month_of_the_history(clean: Delivered) -> None:
    monthly = [
        file
        for file in clean.files.files
        if file.data_set == "products" and file.path.parent.name == "history"
    ]
    assert len(monthly) == 1 + (clean.options.history_days - 1) // 28
    assert all(0 < file.rows < 100 for file in monthly[1:])


def test_customers_are_unique_persons(clean: Delivered) -> None:
    first = {row["customer_id"]: row for row in reversed(clean.rows["customer_details"])}
    assert len(first) == clean.options.customers
    second = round(clean.options.customers * SECOND_REGISTRATIONS)
    emails = {row["email"] for row in first.values()}
    assert len(emails) == clean.options.customers
    assert len({email.lower() for email in emails}) == clean.options.customers - second // 2
    phones = {row["customer_phone"] for row in first.values()}
    assert len(phones) == clean.options.customers - second // 2
    assert len({row["last_name"] for row in first.values()}) > 500
    assert Counter(row["gender"] for row in first.values()).keys() == {"F", "M", "X"}
    tiers = Counter(row["loyalty_status"] for row in first.values())
    assert set(tiers) == {"Bronze", "Silver", "Gold", "Platinum"}
    for row in first.values():
        assert re.fullmatch(r"[a-z]+\.[a-z]+\d+@example\.(com|org|net)", row["email"].lower())


def test_ages_follow_the_bands_and_minors_are_flagged(clean: Delivered) -> None:
    """10/30/35/10/15 % are 10-17, 18-29, 30-44, 45-59 and 60-100 years old."""
    first = {row["customer_id"]: row for row in reversed(clean.rows["customer_details"])}
    ages = [_age(row["birth_date"], clean.options.end) for row in first.values()]
    assert min(ages) >= 10 and max(ages) <= 100
    shares = [sum(low <= age < high for age in ages) / len(ages) for low, high, _ in AGE_BANDS]
    assert shares == pytest.approx([0.10, 0.30, 0.35, 0.10, 0.15], abs=0.03)
    for row in first.values():
        is_minor = _age(row["birth_date"], clean.options.end) < 18
        assert row["is_minor"] == ("true" if is_minor else "false")
        if is_minor:
            assert row["marketing_consent"] == "false" and row["annual_income"] == ""
            assert row["occupation"] == "Pupil" and row["marital_status"] == "single"


def test_post_code_city_region_and_country_belong_together(clean: Delivered) -> None:
    cities = {city.name: city for city in CITIES}
    for row in clean.rows["customer_details"]:
        city = cities[row["city"]]
        assert (row["state"], row["country"]) == (city.region, city.country.name)
        pattern = re.sub(r"%0(\d)d", r"\\d{\1}", city.post_code)
        assert re.fullmatch(pattern, row["post_code"])


def _age(birth_date: str, day: date) -> int:
    born = date.fromisoformat(birth_date)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def test_opening_balance_and_last_purchase_come_before_the_history(clean: Delivered) -> None:
    """The customer file of the history is dated its first day, as is the opening balance."""
    first = str(clean.options.first_day)
    opening = {row["customer_id"]: row for row in reversed(clean.rows["customer_details"])}
    dates = [row["last_purchase_date"] for row in opening.values() if row["last_purchase_date"]]
    assert max(dates) < first
    months_ago = [
        day for day in dates if (date.fromisoformat(first) - date.fromisoformat(day)).days > 90
    ]
    assert len(months_ago) > 100
    for row in opening.values():
        assert int(row["total_loyalty_points"]) >= 0
        if row["last_purchase_date"]:
            assert row["customer_since"] <= row["last_purchase_date"]
        if row["customer_since"] >= first:
            assert row["total_loyalty_points"] == "0"
            assert row["last_purchase_date"] == ""
    assert sum(int(row["total_loyalty_points"]) > 0 for row in opening.values()) > 1000


def test_daily_customer_files_hold_joiners_and_changed_records(clean: Delivered) -> None:
    by_day: dict[str, list[str]] = defaultdict(list)
    known: dict[str, object] = {}
    joined = changed = 0
    for row in clean.rows["customer_details"]:
        key, stamp = row["customer_id"], row["modified_at"]
        if not stamp:
            known[key] = row
            continue
        by_day[stamp[:10]].append(key)
        assert row["last_purchase_date"] < stamp[:10]
        if key in known:
            changed += 1
            assert row != known[key]
        else:
            joined += 1
            assert row["customer_since"] == stamp[:10]
        known[key] = row
    assert len(by_day) == clean.options.days + (clean.options.history_days - 1) // 28
    assert all(len(keys) == len(set(keys)) for keys in by_day.values())
    assert joined >= 3
    assert changed >= 20


def test_who_joins_today_is_delivered_once_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even on a day on which every known record changes."""
    monkeypatch.setattr(world, "CUSTOMER_CHANGES", 10)
    generate(GeneratorOptions(history_days=1, days=3, customers=300, defect_rate=0), tmp_path)
    for path in tmp_path.glob("2026-*/customer_details.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            ids = [row["customer_id"] for row in csv.DictReader(stream)]
        assert len(ids) > 250
        assert len(set(ids)) == len(ids)


def test_no_customer_buys_before_joining(clean: Delivered) -> None:
    since = {row["customer_id"]: row["customer_since"] for row in clean.rows["customer_details"]}
    for header in clean.rows[HEADERS]:
        if header["customer_id"]:
            assert header["transaction_date"][:10] >= since[header["customer_id"]]


def test_promotion_is_on_exactly_the_lines_of_its_window_category_and_stores(
    clean: Delivered,
) -> None:
    category = {row["product_id"]: row["product_category"] for row in clean.rows["products"]}
    headers = {row["transaction_id"]: row for row in clean.rows[HEADERS]}
    truth = {promotion.promotion_id: promotion for promotion in clean.files.promotions}
    used: Counter[str] = Counter()
    for line in clean.rows[LINES]:
        header = headers[line["transaction_id"]]
        if header["transaction_type"] == "RETURN":
            continue
        day = date.fromisoformat(header["transaction_date"][:10])
        here = {
            key
            for key, promotion in truth.items()
            if promotion.start <= day <= promotion.end
            and header["store_id"] in promotion.stores
            and (
                promotion.category == category[line["product_id"]]
                or (promotion.category == "ALL" and category[line["product_id"]] != "Gift Cards")
            )
        }
        used[line["promotion_id"]] += 1
        assert line["promotion_id"] in (here or {""})
    assert all(used[key] > 20 for key in truth)
    for promotion in truth.values():
        assert 1 <= len(promotion.stores) < clean.options.stores, "some stores stay to compare with"


def test_promotion_file_tells_the_truth(clean: Delivered) -> None:
    rows = {row["promotion_id"]: row for row in clean.rows["promotion_details"]}
    assert len(rows) == len(clean.rows["promotion_details"]) == clean.options.promotions
    for promotion in clean.files.promotions:
        row = rows[promotion.promotion_id]
        assert row["start_date"] == str(promotion.start)
        assert row["end_date"] == str(promotion.end)
        assert row["applicable_category"] == promotion.category
        assert float(row["discount_percentage"]) == promotion.discount
    announced = [
        file.path.parent.name
        for file in clean.files.files
        if file.data_set == "promotion_details" and file.path.parent.name != "history"
    ]
    assert announced == ["2026-01-06"]


@pytest.mark.parametrize("uplift", [0.0, 0.2, 0.4])
def test_promotion_adds_the_units_it_claims(clean: Delivered, uplift: float) -> None:
    """Mean units of promoted lines against the others of the category: the built-in uplift."""
    category = {row["product_id"]: row["product_category"] for row in clean.rows["products"]}
    sales = {
        row["transaction_id"] for row in clean.rows[HEADERS] if row["transaction_type"] == "SALE"
    }
    units: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in clean.rows[LINES]:
        if line["transaction_id"] in sales:
            key = (category[line["product_id"]], line["promotion_id"])
            units[key].append(int(line["quantity"]))
    promotion = next(
        entry
        for entry in clean.files.promotions
        if entry.uplift == uplift and entry.category != "ALL"
    )
    promoted = units[promotion.category, promotion.promotion_id]
    others = units[promotion.category, ""]
    assert mean(promoted) / mean(others) - 1 == pytest.approx(uplift, abs=0.12)


def test_rules_exclude_one_another_in_the_base_group_and_add_a_category(clean: Delivered) -> None:
    rules = [row for row in clean.rows["loyalty_rules"] if row["is_active"] == "true"]
    base = [row for row in rules if row["rule_group"] == "BASE"]
    steps = [(row["min_spend_threshold"], row["bonus_points"]) for row in base]
    assert steps == [("0", "0"), ("50", "25"), ("100", "50"), ("200", "100")]
    categories = {row["product_category"] for row in clean.rows["products"]}
    assert {row["product_category"] for row in rules if row not in base} <= categories
    assert all(row["start_date"] < str(clean.options.first_day) for row in rules)


def test_a_shelf_is_empty_at_times_and_then_sells_nothing(clean: Delivered) -> None:
    empty = {
        (row["inventory_date"], row["store_id"], row["product_id"])
        for row in clean.rows["store_inventory"]
        if row["stock_on_hand"] == "0"
    }
    assert 0.005 < len(empty) / len(clean.rows["store_inventory"]) < 0.1
    headers = {row["transaction_id"]: row for row in clean.rows[HEADERS]}
    for line in clean.rows[LINES]:
        header = headers[line["transaction_id"]]
        place = (header["transaction_date"][:10], header["store_id"], line["product_id"])
        assert header["transaction_type"] == "RETURN" or place not in empty


def test_inventory_is_weekly_in_the_history_and_daily_after_it(clean: Delivered) -> None:
    days = sorted(
        {date.fromisoformat(row["inventory_date"]) for row in clean.rows["store_inventory"]}
    )
    last = clean.options.last_history_day
    gaps = {(b - a).days for a, b in pairwise(days) if b <= last}
    assert gaps == {7}
    assert last in days
    assert len([day for day in days if day > last]) == clean.options.days
