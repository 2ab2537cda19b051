"""Which files are found, what they are taken for, and in which order they load."""

import datetime as dt
import os
from pathlib import Path

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import LandingError
from loyalty_lens.landing.discovery import IgnoredFile, date_in, find_files, path_key
from loyalty_lens.landing.storage import printable


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def found(folder: Path) -> list[str]:
    return [file.path for file in find_files(folder, load_data_sets())[0]]


def ignored(folder: Path) -> dict[str, str]:
    return {file.path: file.reason for file in find_files(folder, load_data_sets())[1]}


@pytest.mark.parametrize(
    ("path", "date"),
    [
        ("store_sales_header_2026-01-05.csv", "2026-01-05"),
        ("store_sales_header_20260105.csv", "2026-01-05"),
        ("2026_01_05/store_sales_header.csv", "2026-01-05"),
        ("date=2026-01-05/store 7/stores.csv", "2026-01-05"),
        ("2026-01-04/stores_2026-01-05.csv", "2026-01-05"),  # the name wins
        ("2026-01-03/2026-01-04/stores.csv", "2026-01-04"),  # then the nearest folder
        ("stores_2026-01-05_to_2026-01-11.csv", "2026-01-11"),  # a range: its end
        ("stores_20260105T063000.csv", "2026-01-05"),
        ("stores_20260105063000.csv", "2026-01-05"),
        ("2026-01-04/stores_2026-02-30.csv", "2026-01-04"),  # no real date
        ("stores_2026-01_05.csv", None),
        ("stores_120260105.csv", None),
        ("stores_12345678.csv", None),
        ("stores.csv", None),
    ],
)
def test_file_date_is_a_real_date_in_the_path(path: str, date: str | None) -> None:
    assert date_in(path) == (dt.date.fromisoformat(date) if date else None)


def test_compression_suffix_is_no_part_of_the_path_key() -> None:
    assert path_key("a/stores.csv.gz") == path_key("a/stores.csv") == "a/stores.csv"
    assert path_key("a/STORES.CSV.GZ") == "a/STORES.CSV"


def test_files_are_found_below_in_any_case_and_hidden_or_temporary_ones_are_passed_over(
    tmp_path: Path,
) -> None:
    put(tmp_path, "stores.csv", "deep/er/PRODUCTS.CSV.GZ", "Customer-Details 2026.Csv")
    put(
        tmp_path, ".stores.csv", "~stores.csv", "stores.csv.tmp", "stores.csv.part", ".x/stores.csv"
    )
    assert sorted(found(tmp_path)) == [
        "Customer-Details 2026.Csv",
        "deep/er/PRODUCTS.CSV.GZ",
        "stores.csv",
    ]
    assert ignored(tmp_path) == {}


def test_order_is_date_then_masters_then_path_and_undated_first(tmp_path: Path) -> None:
    put(
        tmp_path,
        "2026-01-06/stores.csv",
        "2026-01-05/store_sales_line_items.csv",
        "2026-01-05/b/store_sales_header.csv",
        "2026-01-05/a/store_sales_header.csv",
        "2026-01-05/products.csv",
        "store_sales_header.csv",
    )
    assert found(tmp_path) == [
        "store_sales_header.csv",
        "2026-01-05/products.csv",
        "2026-01-05/a/store_sales_header.csv",
        "2026-01-05/b/store_sales_header.csv",
        "2026-01-05/store_sales_line_items.csv",
        "2026-01-06/stores.csv",
    ]


def test_other_files_are_ignored_with_a_reason(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt", "budget.csv", "stores.xlsx", "products.csv.zip")
    reasons = ignored(tmp_path)
    assert found(tmp_path) == []
    assert "export as CSV" in reasons["stores.xlsx"]
    assert "export as CSV" in reasons["products.csv.zip"]
    assert "not a .csv" in reasons["notes.txt"]
    assert "datasets.yml" in reasons["budget.csv"]


def test_missing_folder_and_a_file_in_its_place_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match=r"does not exist.*LENS_LANDING"):
        find_files(tmp_path / "none", load_data_sets())
    put(tmp_path, "stores.csv")
    with pytest.raises(LandingError, match="is a file"):
        find_files(tmp_path / "stores.csv", load_data_sets())


def test_unreadable_folder_is_one_clear_line_and_an_unreadable_one_below_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "stores.csv", "locked/stores.csv")
    scandir = os.scandir

    def refusing(refused: Path) -> None:
        def scan(folder: str) -> object:
            if Path(folder) == refused:
                raise PermissionError(13, "Permission denied", str(folder))
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", scan)

    refusing(tmp_path / "locked")
    assert found(tmp_path) == ["stores.csv"]
    assert find_files(tmp_path, load_data_sets())[1] == [
        IgnoredFile(
            "locked",
            "folder cannot be read: Permission denied; let this user read it, or take it away",
            is_failure=True,
        )
    ]
    refusing(tmp_path)
    with pytest.raises(LandingError, match="cannot be read: Permission denied"):
        find_files(tmp_path, load_data_sets())


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    put(tmp_path, "landing/stores.csv", "elsewhere/products.csv")
    (tmp_path / "landing/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "landing/loop").symlink_to(tmp_path / "landing")
    assert sorted(found(tmp_path / "landing")) == ["linked/products.csv", "stores.csv"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stores.csv")
    assert ignored(tmp_path) == {"stores.csv": "not a regular file"}


def test_odd_file_names_become_printable_text() -> None:
    assert printable("st\nores\udcff.csv") == "st\\nores\\xff.csv"
