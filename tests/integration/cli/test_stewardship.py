"""`lens rejects ...`: from the list to the repaired file, as a steward types it."""

from pathlib import Path

import pytest

from tests.conftest import NewDatabase
from tests.integration.cli.typed import Typed

FILE = "store_sales_header.csv"
ROWS = "T1,S1,2026-01-05,1O\nT2,S1,2026-01-05,x\nT3,S1,tomorrow,3\n"


@pytest.fixture(scope="module")
def lens(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Typed:
    folder = tmp_path_factory.mktemp("steward")
    lens = Typed(folder, new_database())
    (folder / "landing").mkdir()
    header = "transaction_id,store_id,transaction_date,total_amount\n"
    (folder / "landing" / FILE).write_text(header + ROWS)
    lens.works("ingest", "--landing", str(folder / "landing"))
    lens.works("validate")
    return lens


def test_from_the_list_to_the_repaired_row(lens: Typed, tmp_path: Path) -> None:
    assert "store_sales_header  bad_amount  open       2" in lens.works("rejects", "list")
    listed = lens.works("rejects", "list", "store_sales_header", "--limit", "1")
    assert "batch 1 row 1  T1  bad_amount  1O cannot be read as a number" in listed
    assert listed.endswith("3 rows, the first 1 shown (--limit)\n")

    lens.works("rejects", "export", "--out", str(tmp_path / "fix.csv"))
    file = tmp_path / "fix_store_sales_header.csv"
    file.write_text(file.read_text().replace(",1O,", ",10,"))
    told = lens.works("rejects", "load", str(file), "--reason", "letter for digit")
    assert f"1 rows of store_sales_header repaired: batch 2 beside batch 1 ({FILE} (re" in told
    assert "cells changed: total_amount 1" in told and "2 rows unchanged, they stay open" in told
    assert "nothing to do" in lens.works("rejects", "load", str(file), "--reason", "again")
    assert "T1" not in lens.works("rejects", "list", "store_sales_header")

    waive = ("rejects", "waive", "store_sales_header")
    assert "1 rows of store_sales_header waived" in lens.works(*waive, "1", "3", "--reason", "test")
    assert "waived already" in lens.refusal(*waive, "1", "3", "--reason", "test")
    assert "1 rows" in lens.works(
        *waive, "--rule", "bad_amount", "--batch", "1", "--reason", "test"
    )
    assert lens.works("rejects", "list") == "no open rejects\n"
    assert "waived" in lens.works("rejects", "list", "--status", "all")
    assert "nothing written" in lens.works("rejects", "export", "--out", str(tmp_path / "n.csv"))


def test_what_cannot_be_meant_is_refused(lens: Typed, tmp_path: Path) -> None:
    assert "there is no data set 'sales'" in lens.refusal("rejects", "list", "sales")
    (tmp_path / "x.csv").write_text("a,b\n")
    file = str(tmp_path / "x.csv")
    assert f"{file}: " in lens.refusal("rejects", "load", file, "--reason", "x")
    for wrong in (("1",), ("1", "2", "--rule", "bad_date"), ()):
        done = lens("rejects", "waive", "store_sales_header", *wrong, "--reason", "x")
        assert done.exit_code == 2 and "name a BATCH and a ROW" in done.output
