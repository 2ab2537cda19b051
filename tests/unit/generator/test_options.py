"""Options that make no sense are refused with one line that names them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from seeds_generator import GeneratorOptions, generate


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"history_days": -1}, "history_days must be a whole number of at least 0"),
        ({"history_days": 0, "days": 0}, "nothing to write"),
        ({"ahead_days": -1}, "ahead_days must be"),
        ({"late_rate": 1.1}, "late_rate must lie between"),
        ({"outlier_rate": 0.5}, "outlier_rate must lie between"),
        ({"purchases_a_day": 0.0}, "purchases_a_day must lie between"),
        ({"defect_rates": {"header_bad_date": 2}}, "rate of header_bad_date must lie between"),
        ({"defect_rates": {"header_gremlin": 0.1}}, "no defect of kind header_gremlin"),
        ({"days": -1}, "days must be"),
        ({"customers": 0}, "customers must be"),
        ({"customers": 10.5}, "customers must be"),
        ({"stores": 0}, "stores must be"),
        ({"products": 5}, "products must be"),
        ({"promotions": -1}, "promotions must be"),
        ({"seed": -1}, "seed must be"),
        ({"defect_rate": 1.5}, "defect_rate must lie between"),
        ({"defect_rate": -0.1}, "defect_rate must lie between"),
        ({"currency": "euro"}, "currency must be a code"),
        ({"end": date(1990, 3, 1)}, "begin before 1990-01-02"),
    ],
)
def test_nonsense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        GeneratorOptions(**wrong)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "least",
    [
        {"history_days": 1, "days": 0, "customers": 1, "stores": 1, "promotions": 0},
        {"history_days": 1, "days": 1, "customers": 1, "stores": 1, "promotions": 1},
        {"history_days": 3, "days": 2, "customers": 3, "stores": 2, "promotions": 8},
        {"history_days": 0, "days": 3, "customers": 40, "stores": 2},
        {"history_days": 5, "days": 2, "late_rate": 1.0, "outlier_rate": 0.05, "stores": 3},
        {"history_days": 40, "days": 3, "customers": 30, "stores": 160, "products": 3000},
    ],
)
def test_smallest_and_odd_sizes_work(tmp_path: Path, least: dict[str, Any]) -> None:
    made = generate(GeneratorOptions(**{"products": 24, "defect_rate": 0.3} | least), tmp_path)
    assert made.rows("stores") >= least["stores"]
    assert sum(1 for file in made.files if file.path.exists()) == len(made.files)


def test_currency_can_be_left_out(tmp_path: Path) -> None:
    options = GeneratorOptions(history_days=2, days=0, customers=20, currency=None)
    header = tmp_path / "history" / "store_sales_header_2026-01-11.csv"
    generate(options, tmp_path)
    assert "currency" not in header.read_text(encoding="utf-8").splitlines()[0]
