"""File names, columns and bytes."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loyalty_lens.datasets import load_data_sets
from seeds_generator import GeneratorOptions, generate
from seeds_generator.arrays import texts
from seeds_generator.csv_writer import CsvFile, quoted, quoted_column

if TYPE_CHECKING:
    from tests.unit.generator.conftest import Delivered

SMALL = GeneratorOptions(history_days=20, days=3, customers=150, stores=4, products=60)
IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from seeds_generator import GeneratorOptions, generate
options = GeneratorOptions(history_days=20, days=3, customers=150, stores=4, products=60)
generate(options, Path(sys.argv[1]))
"""


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes_in_any_process(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "here")
    for hash_seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS, str(tmp_path / hash_seed)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
        )
    assert digests(tmp_path / "here") == digests(tmp_path / "1") == digests(tmp_path / "2")


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "one")
    generate(replace(SMALL, seed=43), tmp_path / "two")
    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")
    for name in one.keys() & two.keys():
        no_rows = (tmp_path / "one" / name).read_text(encoding="utf-8").count("\n") == 1
        may_be_equal = no_rows or "loyalty_rules" in name
        assert may_be_equal or one[name] != two[name], name


def test_defects_leave_the_data_beneath_alone(tmp_path: Path) -> None:
    """Good rows of a spoilt delivery are rows of the clean one, all but a few of them."""
    generate(replace(SMALL, defect_rate=0), tmp_path / "clean")
    generate(replace(SMALL, defect_rate=0.1), tmp_path / "spoilt")
    name = "history/store_sales_header_2026-01-08.csv"
    clean = set((tmp_path / "clean" / name).read_text(encoding="utf-8").splitlines())
    spoilt = set((tmp_path / "spoilt" / name).read_text(encoding="utf-8").splitlines())
    assert 0.85 < len(clean & spoilt) / len(clean) < 0.97


def test_masters_carry_the_first_history_day_and_sales_the_last(clean: Delivered) -> None:
    first, last = clean.options.first_day, clean.options.last_history_day
    assert (last - first).days == clean.options.history_days - 1
    monthly = {
        f"{name}_{first + timedelta(days=day)}.csv"
        for name in ("products", "customer_details")
        for day in range(28, clean.options.history_days, 28)
    }
    names = {file.path.name for file in clean.files.files if file.path.parent.name == "history"}
    assert monthly <= names
    names -= monthly
    masters = ("stores", "products", "customer_details", "promotion_details", "loyalty_rules")
    events = (
        "store_sales_header",
        "store_sales_line_items",
        "points_events",
        "store_inventory",
    )
    assert names == {f"{name}_{first}.csv" for name in masters} | {
        f"{name}_{last}.csv" for name in events
    }


def test_every_day_after_the_history_is_a_folder(clean: Delivered) -> None:
    options = clean.options
    folders = {file.path.parent.name for file in clean.files.files} - {"history"}
    assert folders == {
        str(options.last_history_day + timedelta(days=number + 1)) for number in range(options.days)
    }
    assert max(folders) == str(options.end)


def test_each_drop_holds_the_sales_of_its_days(clean: Delivered) -> None:
    for file in clean.files.files:
        if file.data_set != "store_sales_header":
            continue
        with file.path.open(encoding="utf-8", newline="") as stream:
            days = {row["transaction_date"][:10] for row in csv.DictReader(stream)}
        folder = file.path.parent.name
        if folder == "history":
            first, last = str(clean.options.first_day), str(clean.options.last_history_day)
            assert (min(days), max(days)) == (first, last)
        else:
            assert days == {folder}


def test_columns_are_those_of_the_contract(clean: Delivered) -> None:
    contract = load_data_sets()
    # Merges are a steward's answer to what was found, not a shop's delivery.
    assert set(clean.rows) == set(contract) - {"customer_merges"}
    for name, rows in clean.rows.items():
        more = {"is_minor"} if name == "customer_details" else set()  # kept as an attribute
        assert set(rows[0]) <= set(contract[name].column_names) | more, name
        assert set(rows[0]) >= set(contract[name].required), name
        if name != "loyalty_rules":  # its further columns are for other kinds of rules
            assert set(rows[0]) == set(contract[name].column_names) | more, name


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "stores.csv"
    with pytest.raises(ValueError, match=r"stores\.csv: columns"), CsvFile(path, "stores") as file:
        file.write({"store_id": texts(["S001"])})
        file.write({"other": texts(["S001"])})
    assert list(tmp_path.iterdir()) == []


def test_a_look_at_a_whole_column_finds_what_a_look_at_each_field_finds() -> None:
    odd = ["a,b", 'say "x"', "two\nlines", " padded", "padded ", "\ttab", "x\r"]
    assert quoted_column(["plain", "", "two words"]) == ["plain", "", "two words"]
    for field in odd:
        column = ["plain", field, "", "Müller"]
        assert quoted_column(column) == [quoted(each) for each in column]
        assert quoted_column(column) != column


@pytest.mark.parametrize(
    "size",
    [{"customers": 1000}, {"customers": 20, "stores": 60, "products": 200}],
    ids=["many sales", "many counts of stock"],
)
def test_memory_does_not_grow_with_the_days(tmp_path: Path, size: dict[str, int]) -> None:
    """Ten times the days in the same memory: blocks are written as they are made."""
    peaks = []
    for days in (30, 300):
        tracemalloc.start()
        generate(replace(SMALL, history_days=days, **size), tmp_path / str(days))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_fields_are_quoted_only_where_needed() -> None:
    fields = ["plain", "a,b", 'say "x"', "two\nlines", " padded", "", "Müller"]
    line = ",".join(map(quoted, fields))
    assert next(csv.reader([*line.splitlines(keepends=True)])) == fields
    assert quoted("Müller") == "Müller"
