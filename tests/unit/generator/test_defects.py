"""What is planted: as often as asked, where the truth says, and never two rules in a row."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seeds_generator import PRESETS, GeneratorOptions, generate, world
from seeds_generator.defects import EVENTS, HEADERS, INVENTORY, KINDS, LINES, WARN
from tests.unit.generator.conftest import read

if TYPE_CHECKING:
    from tests.unit.generator.conftest import Delivered, Row

Planted = dict[tuple[str, int], "Row"]  # (file, record): its row of defects.csv


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Delivered, Planted]:
    """A small shop with many defects, and what was planted."""
    folder = tmp_path_factory.mktemp("planted")
    options = replace(PRESETS["small"], defect_rate=0.05, late_rate=0.1)
    delivered = read(options, folder / "out", truth=folder / "truth")
    rows = table(folder / "truth" / "defects.csv")
    planted = {(row["file"], int(row["record"])): row for row in rows}
    assert len(planted) == len(rows), "one rule a row"
    return delivered, planted


def table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_truth_points_at_the_spoilt_rows(truth: tuple[Delivered, Planted]) -> None:
    delivered, planted = truth
    shown = {
        "header_missing_key": ("transaction_id", ""),
        "header_unknown_store": ("store_id", "SX99"),
        "header_bad_date": ("transaction_date", "2026-13-45"),
        "header_wrong_currency": ("currency", "XTS"),
        "line_bad_quantity": ("quantity", "two"),
        "line_bad_amount": ("line_item_amount", "12,3x"),
        "line_return_exceeds_sale": ("quantity", "999"),
        "stock_bad_quantity": ("stock_on_hand", "full"),
        "customer_bad_value": ("birth_date", "1979-02-30"),
    }
    of = {kind.kind: kind.data_set for kind in KINDS}
    checked: Counter[str] = Counter()
    for file in delivered.files.files:
        name = f"{file.path.parent.name}/{file.path.name}"
        for number, row in enumerate(table(file.path), start=1):
            kind = planted.get((name, number), {"kind": ""})["kind"]
            for other, (column, text) in shown.items():
                if file.data_set == of.get(other):
                    assert (row[column] == text) == (kind == other), (name, number, kind)
                checked[other] += kind == other
    assert all(checked[kind] for kind in shown)


def test_counts_are_those_of_the_truth(truth: tuple[Delivered, Planted]) -> None:
    delivered, planted = truth
    counts = Counter((row["data_set"], row["rule"]) for row in planted.values())
    assert dict(delivered.files.defects) == dict(counts)


def test_every_kind_for_sales_comes_as_often_as_every_other(
    truth: tuple[Delivered, Planted],
) -> None:
    delivered, planted = truth
    counts = Counter(row["kind"] for row in planted.values())
    for data_set in (HEADERS, LINES):
        kinds = [kind for kind in KINDS if kind.data_set == data_set]
        rows = delivered.files.rows(data_set)
        expected = rows * delivered.options.defect_rate / len(kinds)
        for kind in kinds:
            if kind.of == "sale":
                assert counts[kind.kind] == pytest.approx(expected, abs=2.5), kind.kind
            else:
                assert 0 < counts[kind.kind] <= expected + 2.5, kind.kind


def test_a_rate_of_its_own_replaces_the_even_share(tmp_path: Path) -> None:
    options = GeneratorOptions(
        history_days=30, days=0, customers=300, defect_rate=0, defect_rates={"header_bad_date": 0.1}
    )
    made = generate(options, tmp_path)
    headers = made.rows(HEADERS)
    assert set(made.defects) == {
        (HEADERS, "bad_date"),
        (LINES, "header_rejected"),
        ("customer_details", "shared_phone"),
    }
    assert made.defects[HEADERS, "bad_date"] == pytest.approx(0.1 * headers, abs=2)


def test_a_clean_delivery_has_no_defect_but_shared_phones(clean: Delivered) -> None:
    assert set(clean.files.defects) == {("customer_details", "shared_phone")}
    assert {kind.rule for kind in KINDS if kind.outcome == WARN} == {
        "unknown_promotion",
        "negative_stock",
    }


def test_spoilt_rows_never_become_the_same_row(spoilt: Delivered) -> None:
    """The gate would count an exact duplicate in place of the defect."""
    for data_set in (HEADERS, LINES, EVENTS, INVENTORY):
        rows = [tuple(row.values()) for row in spoilt.rows[data_set]]
        duplicates = spoilt.files.defects.get((data_set, "exact_duplicate"), 0)
        assert len(rows) - len(set(rows)) == duplicates, data_set


def test_sales_that_come_back_stay_whole(truth: tuple[Delivered, Planted]) -> None:
    delivered, planted = truth
    spoilt = {key for key, row in planted.items() if not row["kind"].endswith("duplicate")}
    good: set[str] = set()
    originals: set[str] = set()
    for file in delivered.files.files:
        if file.data_set != HEADERS:
            continue
        name = f"{file.path.parent.name}/{file.path.name}"
        for number, row in enumerate(table(file.path), start=1):
            if (name, number) not in spoilt:
                good.add(row["transaction_id"])
                originals.add(row["original_transaction_id"])
    assert len(originals) > 20
    assert originals - {""} <= good


def test_no_store_or_product_is_spoilt(spoilt: Delivered, clean: Delivered) -> None:
    for data_set in ("stores", "products"):
        assert spoilt.rows[data_set] == clean.rows[data_set]
    ids = [row["customer_id"] for row in spoilt.rows["customer_details"]]
    assert ids.count("") == 0
    assert set(ids) == {row["customer_id"] for row in clean.rows["customer_details"]}


def test_no_blemish_falls_on_who_has_two_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where everybody else has one: a record breaks one rule, and both stay alike."""
    monkeypatch.setattr(world, "BLEMISHES", 10)
    options = GeneratorOptions(history_days=2, days=0, customers=1500, defect_rate=0.1)
    generate(options, tmp_path / "out", truth=tmp_path / "truth")
    pairs = [row for row in table(tmp_path / "truth" / "identities.csv") if row["same_as"]]
    both = {row[column] for row in pairs for column in ("customer_id", "same_as")}
    assert len(both) >= 10
    kinds: Counter[tuple[bool, str]] = Counter()
    customers = {row["customer_id"]: row for row in customers_of(tmp_path / "out")}
    for key, row in customers.items():
        spoilt = row["annual_income"] == "about 40k" or row["birth_date"] == "1979-02-30"
        kinds[key in both, "spoilt" if spoilt else "good"] += 1
    assert kinds[True, "spoilt"] == 0
    assert kinds[False, "good"] <= 1


def customers_of(folder: Path) -> list[Row]:
    return [row for path in sorted(folder.glob("*/customer_details*")) for row in table(path)]
