"""A batch that a rule stops: the run goes on without it, says so, and ends with an error."""

from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_lens.quality import gate
from loyalty_lens.quality.batch_suite import BatchRule
from tests.conftest import NewDatabase
from tests.integration.cli.typed import Typed
from tests.integration.pipeline.worlds import SMALL_SHOP

HEADER = "store_sales_header.csv"
STRICT = BatchRule("stale", "freshness", "stop", "timeliness", {"max_days": Decimal(3)})


def test_a_held_file_stops_nothing_else_and_a_corrected_one_takes_its_place(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "load_batch_rules", lambda _: {"store_sales_header": (STRICT,)})
    lens = Typed(tmp_path / "home", new_database())
    day = tmp_path / "landing" / "2026-01-10"
    day.mkdir(parents=True)
    for name, text in SMALL_SHOP.items():
        (day / name).write_text(text)
    landing = ("--landing", str(day.parent))
    told = (
        "2026-01-10/store_sales_header.csv: held as batch 6, dated 2026-01-10, its newest rows are"
        " of 2026-01-04 (stale)"
    )
    assert lens.refusal("run", *landing) == (
        f"{told}; correct the file, or let it through: lens release 6; all others count"
    )
    assert f"held {told.replace('held as ', '')}" in lens.works("status")
    assert lens.refusal("validate").startswith(told)  # as a file that fails does each time
    listed = lens.works("rejects", "list")
    assert "store_sales_header" not in listed and "header_missing" in listed

    rows = SMALL_SHOP[HEADER].replace("2026-01-04 09:30:00", "2026-01-08 09:30:00").splitlines()
    (day / HEADER).write_text("\n".join(rows[:1] + rows[3:]))  # fewer: nothing counted before
    assert "supersedes batch 6" in lens.works("ingest", *landing)
    assert "held" not in lens.works("validate")
    assert "Newest accepted sale: 2026-01-08" in lens.works("status")
