"""Pairs that the generator plants are found again, with the confidence that was planted."""

import csv
from math import sqrt
from pathlib import Path

import pytest

from seeds_generator import GeneratorOptions, generate
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse

SHOP = GeneratorOptions(
    history_days=0, days=60, customers=2500, stores=4, products=240, promotions=0, defect_rate=0
)
FILES = ("stores", "products", "store_sales_header", "store_sales_line_items")


def _rows(folder: Path, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for path in sorted(folder.glob(f"**/{name}*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows += csv.DictReader(stream)
    return rows


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    generate(SHOP, folder / "landing", truth=folder / "truth")
    return folder


def test_planted_pairs_are_found_with_the_planted_confidence(
    files: Path, new_database: NewDatabase, tmp_path: Path
) -> None:
    warehouse = Warehouse(new_database(), tmp_path)
    for data_set in FILES:
        warehouse.load(data_set, _rows(files / "landing", data_set))
    warehouse.dbt("seed")
    warehouse.dbt("run", "--select", "+product_affinity")
    warehouse.close()
    found = {
        (product, other): (float(confidence), count, lift)
        for product, other, confidence, count, lift in warehouse.rows(
            "select product_id, other_product_id, confidence_ratio, product_basket_count, lift"
            " from marts.product_affinity"
        )
    }
    planted = _rows(files / "truth", "affinities")
    assert len(planted) > 10
    for row in planted:
        confidence, count, lift = found[str(row["product_id"]), str(row["companion_id"])]
        truth = float(str(row["probability"]))
        spread = 3 * sqrt(truth * (1 - truth) / count)
        # Less where the companion was out of stock, more where it was bought for its own sake.
        assert truth - spread - 0.03 < confidence < truth + spread + 0.1, row
        assert lift > 2, row
