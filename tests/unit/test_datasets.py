"""The input contract as design section 2 gives it, and contracts that cannot be used."""

from pathlib import Path

import pytest

from loyalty_lens.datasets import data_set_of, load_data_sets, normalised
from loyalty_lens.errors import SettingsError
from loyalty_lens.splits import load_layouts

REQUIRED = {
    "stores": ("store_id",),
    "products": ("product_id",),
    "customer_details": ("customer_id",),
    "promotion_details": ("promotion_id", "start_date", "end_date", "discount_percentage"),
    "loyalty_rules": ("rule_id", "points_per_unit_spend", "min_spend_threshold", "bonus_points"),
    "store_sales_header": ("transaction_id", "store_id", "transaction_date", "total_amount"),
    "store_sales_line_items": (
        "line_item_id",
        "transaction_id",
        "product_id",
        "quantity",
        "line_item_amount",
    ),
    "customer_merges": ("customer_id", "merged_into"),
    "points_events": ("event_id", "customer_id", "event_type", "points", "event_at"),
    "store_inventory": ("inventory_date", "store_id", "product_id", "stock_on_hand"),
}


def test_the_contract_requires_what_the_design_requires() -> None:
    assert {name: data_set.required for name, data_set in load_data_sets().items()} == REQUIRED


def test_every_column_of_every_file_is_explained() -> None:
    columns = [(name, column) for name, entry in load_layouts().items() for column in entry.columns]
    assert len(columns) > 90
    assert [(name, column.name) for name, column in columns if not column.description] == []


def test_masters_are_versions_and_sales_are_events() -> None:
    events = {name for name, entry in load_data_sets().items() if entry.delivery == "events"}
    assert events == {
        "store_sales_header",
        "store_sales_line_items",
        "points_events",
        "store_inventory",
    }


@pytest.mark.parametrize(
    ("file_name", "data_set"),
    [
        ("stores.csv", "stores"),
        ("store_sales_header_2026-01-05.csv.gz", "store_sales_header"),
        ("Store-Sales Line Items (2).csv", "store_sales_line_items"),
        ("products2026.csv", "products"),
        ("storesroom.csv", None),
        ("readme.csv", None),
    ],
)
def test_a_file_belongs_to_the_data_set_that_its_name_begins_with(
    file_name: str, data_set: str | None
) -> None:
    found = data_set_of(file_name, load_data_sets())
    assert (found.name if found else None) == data_set


def test_names_are_written_one_way() -> None:
    assert normalised("  Store - ID ") == "store_id"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data_sets: [", "readable contract"),
        ("data_sets: {a: {files: [a], delivery: never, key: [k], columns: {k: id}}}", "never"),
        ("data_sets: {a: {files: [a], delivery: events, key: [k], columns: {k: word}}}", "word"),
        ("data_sets: {a: {files: [a], delivery: events, key: [x], columns: {k: id}}}", "'x'"),
    ],
)
def test_a_contract_that_cannot_be_used_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "datasets.yml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told):
        load_data_sets(path)


def test_a_file_of_ones_own_adds_names_and_changes_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        """
        data_sets:
          products:
            files: [artikel]
            decimal_mark: ","
            columns:
              product_name: {aliases: [Bezeichnung]}
              shelf: text
        """
    )
    monkeypatch.setenv("LENS_DATASETS", str(own))
    products = load_data_sets()["products"]
    assert products.files == ("products", "artikel")
    assert products.decimal_mark == ","
    named = {column.name: column for column in products.columns}
    assert named["product_name"].aliases == ("bezeichnung",)
    assert named["product_name"].type == "text"
    assert named["product_id"].required
    assert list(named)[-1] == "shelf"
    monkeypatch.delenv("LENS_DATASETS")
    assert load_data_sets()["products"].files == ("products",)


@pytest.mark.parametrize(("text", "told"), [("- a", "no data_sets"), (None, "No such file")])
def test_a_file_of_ones_own_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, told: str
) -> None:
    own = tmp_path / "own.yml"
    if text:
        own.write_text(text)
    monkeypatch.setenv("LENS_DATASETS", str(own))
    with pytest.raises(SettingsError, match=rf"own\.yml: not a readable contract .*{told}"):
        load_data_sets()
