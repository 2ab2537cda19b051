"""lens models where there is little or nothing to fit, and what it refuses."""

from pathlib import Path

import psycopg2
import pytest

from tests.conftest import NewDatabase
from tests.integration.cli.lens import Lens
from tests.integration.pipeline.worlds import SMALL_SHOP


@pytest.fixture(scope="module")
def lens(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Lens:
    return Lens(tmp_path_factory.mktemp("lens home"), new_database())


def test_a_small_shop_is_told_that_its_data_are_not_enough(lens: Lens, tmp_path: Path) -> None:
    assert "never built: lens run" in lens.refusal("models")
    for name, text in SMALL_SHOP.items():
        (tmp_path / name).write_text(text)
    lens.works("run", "--landing", str(tmp_path))
    output = lens.works("models")
    assert "BG/NBD not enough data" in output and "500 are needed" in output
    assert "Churn not enough data" in output
    with psycopg2.connect(lens.environment["LENS_DATABASE_URL"]) as connection:
        cursor = connection.cursor()
        cursor.execute("select distinct fit_status, clv_amount from marts.customer_clv")
        assert cursor.fetchall() == [("not enough data", None)]
        cursor.execute("select count(*) from marts.customer_churn")
        assert cursor.fetchall() == [(0,)]
    store = "stores_2026-01-05.csv"
    (tmp_path / store).write_text("store_id,store_name\nS9,New\n")
    lens.works("ingest", "--landing", str(tmp_path))
    assert "lens validate" in lens.refusal("models")


def test_wrong_settings_are_named(lens: Lens) -> None:
    assert "LENS_DISCOUNT_RATE" in lens.refusal("models", LENS_DISCOUNT_RATE="much")
    assert "LENS_CHURN_DAYS" in lens.refusal("models", LENS_CHURN_DAYS="0")
