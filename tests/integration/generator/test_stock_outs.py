"""Units lost to empty shelves: what was estimated, against the same shop with full shelves."""

import csv
from collections import defaultdict
from math import sqrt
from pathlib import Path

import pytest

from seeds_generator import GeneratorOptions, generate, stock
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse

SHOP = GeneratorOptions(
    history_days=0,
    days=90,
    customers=2500,
    stores=6,
    products=90,
    promotions=0,
    purchases_a_day=0.12,
    defect_rate=0,
)
FILES = ("stores", "products", "store_sales_header", "store_sales_line_items", "store_inventory")
Row = dict[str, object]
Key = tuple[str, str, str]  # day, store, product


def _rows(landing: Path, data_set: str) -> list[Row]:
    rows: list[Row] = []
    for path in sorted(landing.glob(f"**/{data_set}*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows += csv.DictReader(stream)
    return rows


def _units(landing: Path) -> dict[Key, int]:
    """Units sold by day, store and product; returns are not taken off."""
    sales = {
        row["transaction_id"]: (str(row["transaction_date"])[:10], str(row["store_id"]))
        for row in _rows(landing, "store_sales_header")
        if row["transaction_type"] == "SALE"
    }
    units: dict[Key, int] = defaultdict(int)
    for row in _rows(landing, "store_sales_line_items"):
        if row["transaction_id"] in sales:
            key = (*sales[row["transaction_id"]], str(row["product_id"]))
            units[key] += int(str(row["quantity"]))
    return units


@pytest.fixture(scope="module")
def full_shelves(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, int]:
    """What the same customers would have bought."""
    landing = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "SPELL_SHARE", 0.0)
        generate(SHOP, landing)
    return _units(landing)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    generate(SHOP, folder / "landing", truth=folder / "truth")
    return folder / "landing"


@pytest.fixture(scope="module")
def warehouse(
    landing: Path, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    for data_set in FILES:
        rows = _rows(landing, data_set)
        names = {"attributes"} if data_set == "products" else set()
        warehouse.load(data_set, [{k: v for k, v in row.items() if k not in names} for row in rows])
    warehouse.dbt("seed")
    warehouse.dbt("run", "--select", "+inventory_impact")
    warehouse.close()
    return warehouse


def test_days_out_of_stock_are_those_planted(warehouse: Warehouse, landing: Path) -> None:
    planted: dict[tuple[str, str], int] = defaultdict(int)
    for row in _rows(landing.parent / "truth", "stockouts"):
        days = warehouse.rows(f"select date '{row['last_day']}' - date '{row['first_day']}' + 1")
        planted[str(row["store_id"]), str(row["product_id"])] += days[0][0]
    found = warehouse.rows(
        "select store_id, product_id, counted_days, out_of_stock_days from marts.inventory_impact"
    )
    assert len(found) == 5 * SHOP.stores
    assert {counted for _, _, counted, _ in found} == {SHOP.days}
    assert sum(out for *_, out in found) > 30
    assert {row[:2]: row[3] for row in found} == {row[:2]: planted[row[:2]] for row in found}


def test_units_lost_are_those_that_full_shelves_would_have_sold(
    warehouse: Warehouse, landing: Path, full_shelves: dict[Key, int]
) -> None:
    really = _units(landing)
    found = warehouse.rows(
        "select store_id, product_id, lost_unit_count from marts.inventory_impact"
    )
    shown = {(store, product) for store, product, _ in found}
    empty = [
        (str(row["inventory_date"]), str(row["store_id"]), str(row["product_id"]))
        for row in _rows(landing, "store_inventory")
        if row["stock_on_hand"] == "0" and (row["store_id"], row["product_id"]) in shown
    ]
    missed = sum(full_shelves.get(key, 0) - really.get(key, 0) for key in empty)
    lost = float(sum(units for *_, units in found))
    assert missed > 100
    # A line has two or three units on average: days scatter by more than their mean.
    assert abs(lost - missed) < 3 * sqrt(3 * missed)
    assert 0.8 < lost / missed < 1.25
