"""`lens adapt online-retail`: what becomes of which row, in every format it is published in."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from loyalty_lens.cli.adapt import online_retail
from loyalty_lens.errors import SettingsError
from tests.unit.adapters.workbook import write_workbook

COLUMNS = (
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
)
Rows = Sequence[Sequence[str]]


def row(invoice: str = "536365", code: str = "85123A", **values: str) -> list[str]:
    """A row that is in order; `values` by the first word of their column."""
    known = {
        "Invoice": invoice,
        "StockCode": code,
        "Description": "WHITE HEART",
        "Quantity": "6",
        "InvoiceDate": "2010-12-01 08:26:00",
        "Price": "2.55",
        "Customer": "17850",
        "Country": "United Kingdom",
    }
    assert set(values) <= set(known)
    return list({**known, **values}.values())


def write_csv(path: Path, rows: Rows, columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(online_retail, [str(argument) for argument in arguments])


def adapted(source: Path, *options: object) -> Path:
    """The folder with what came of it."""
    out = source.with_name("out")
    result = run(source, "--out", out, *options)
    assert result.exit_code == 0, result.exception
    return out


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, SettingsError), (result.output, result.exception)
    message = str(result.exception)
    assert "\n" not in message
    return message


def records(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def contents(out: Path) -> dict[str, list[list[str]]]:
    """Every file's records by its name below the folder."""
    return {p.relative_to(out).as_posix(): records(p) for p in sorted(out.glob("*/*.csv"))}


SMALL: Rows = (
    row(),
    row(),
    row(code="POST", Description="POSTAGE", Quantity="1", Price="18"),
    row("C536379", Quantity="-1", InvoiceDate="2010-12-01 09:41:00", Price="2.55", Customer=""),
    row("536370", "gift_0001_10", Quantity="2", InvoiceDate="2010-12-03 10:00:00", Country="EIRE"),
)


def test_rows_become_headers_lines_stores_and_products_of_their_days(tmp_path: Path) -> None:
    found = contents(adapted(write_csv(tmp_path / "retail.csv", SMALL)))
    assert found == {
        "2010-12-01/products.csv": [
            ["85123A", "WHITE HEART", "Merchandise", "yes"],
            ["POST", "POSTAGE", "Postage", "no"],
            ["gift_0001_10", "WHITE HEART", "Gift vouchers", "no"],
        ],
        "2010-12-01/stores.csv": [
            ["EIRE", "EIRE", "EIRE", "Europe/London"],
            ["United Kingdom", "United Kingdom", "United Kingdom", "Europe/London"],
        ],
        "2010-12-01/store_sales_header.csv": [
            ["536365", "17850", "United Kingdom", "2010-12-01 08:26:00", "48.60", "SALE"],
            ["C536379", "", "United Kingdom", "2010-12-01 09:41:00", "-2.55", "RETURN"],
        ],
        "2010-12-01/store_sales_line_items.csv": [
            ["1", "536365", "85123A", "6", "15.30"],
            ["2", "536365", "85123A", "6", "15.30"],
            ["3", "536365", "POST", "1", "18"],
            ["1", "C536379", "85123A", "-1", "-2.55"],
        ],
        "2010-12-03/store_sales_header.csv": [
            ["536370", "17850", "EIRE", "2010-12-03 10:00:00", "5.10", "SALE"]
        ],
        "2010-12-03/store_sales_line_items.csv": [["1", "536370", "gift_0001_10", "2", "5.10"]],
    }


def test_the_nth_trading_day_becomes_the_nth_calendar_day(tmp_path: Path) -> None:
    out = adapted(write_csv(tmp_path / "retail.csv", SMALL), "--shift-to", "2025-06-26")
    assert [path.name for path in sorted(out.glob("2*"))] == ["2025-06-26", "2025-06-27"]
    assert records(out / "2025-06-27/store_sales_header.csv")[0][3] == "2025-06-27 10:00:00"


def typed(text: str) -> Any:
    """What a spreadsheet or a Parquet file has in the place of a text."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return dt.datetime.fromisoformat(text) if text.startswith("2010-") else text or None


def as_xz(folder: Path) -> Path:
    path = folder / "retail.csv.xz"
    path.write_bytes(lzma.compress(write_csv(folder / "retail.csv", SMALL).read_bytes()))
    return path


def as_gz(folder: Path) -> Path:
    path = folder / "retail.csv.gz"
    path.write_bytes(gzip.compress(write_csv(folder / "retail.csv", SMALL).read_bytes()))
    return path


def as_old_csv(folder: Path) -> Path:
    """Online Retail, the forerunner: other names, the month first, Windows-1252, floats."""
    lines = [
        [*cells[:4], date.strftime("%m/%d/%Y %H:%M"), price, buyer and f"{buyer}.0", country]
        for *cells, moment, price, buyer, country in SMALL
        if (date := dt.datetime.fromisoformat(moment))
    ]
    names = [name.replace("Price", "UnitPrice").replace(" ", "") for name in COLUMNS]
    path = write_csv(folder / "retail.csv", lines, ["InvoiceNo", *names[1:]])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return path


def as_xlsx(folder: Path) -> Path:
    rows = [list(map(typed, cells)) for cells in SMALL]
    return write_workbook(folder / "retail.xlsx", [[list(COLUMNS), *rows]])


def as_parquet(folder: Path) -> Path:
    columns = [list(column) for column in zip(*SMALL, strict=True)]
    buyers = [float(text) if text else None for text in columns[6]]
    columns[3] = list(map(int, columns[3]))  # type: ignore[arg-type]
    columns[4] = list(map(dt.datetime.fromisoformat, columns[4]))  # type: ignore[arg-type]
    columns[5] = list(map(float, columns[5]))  # type: ignore[arg-type]
    columns[6] = buyers  # type: ignore[assignment]
    path = folder / "retail.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns, names=list(COLUMNS)), path)
    return path


@pytest.mark.parametrize("made", [as_xz, as_gz, as_old_csv, as_xlsx, as_parquet])
def test_every_format_gives_the_same_files(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    (tmp_path / "plain").mkdir()
    expected = contents(adapted(write_csv(tmp_path / "plain/retail.csv", SMALL)))
    found = contents(adapted(made(tmp_path)))
    amounts = {"store_sales_header": 4, "store_sales_line_items": 4}
    for files in (expected, found):
        for name, lines in files.items():
            place = amounts.get(Path(name).stem)
            for line in lines if place else ():
                line[place] = str(float(line[place]))  # 18 and 18.00 are the same price
    assert found == expected


def test_signs_that_are_not_utf_8_are_read_as_windows_1252(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "retail.csv", [row(Description="VOUCHER £10")])
    source.write_bytes(source.read_bytes().replace("£".encode(), b"\xa3"))
    assert records(adapted(source) / "2010-12-01/products.csv")[0][1] == "VOUCHER £10"


def test_a_product_has_its_most_frequent_description(tmp_path: Path) -> None:
    names = ["?", "MUG", "MUG", "", "", ""]
    rows = [row(code="10002", Description=name) for name in names] + [row(code="10080")]
    found = records(adapted(write_csv(tmp_path / "retail.csv", rows)) / "2010-12-01/products.csv")
    assert [line[:2] for line in found] == [["10002", "MUG"], ["10080", "WHITE HEART"]]


@pytest.mark.parametrize(
    ("code", "category", "is_merchandise"),
    [
        ("22423", "Merchandise", "yes"),
        ("15056bl", "Merchandise", "yes"),
        ("PADS", "Merchandise", "yes"),
        ("DOT", "Postage", "no"),
        ("C2", "Postage", "no"),
        ("m", "Manual entries", "no"),
        ("D", "Discounts", "no"),
        ("B", "Bad debt", "no"),
        ("S", "Samples", "no"),
        ("AMAZONFEE", "Fees", "no"),
        ("BANK CHARGES", "Fees", "no"),
        ("CRUK", "Fees", "no"),
        ("gift_0001_20", "Gift vouchers", "no"),
        ("ADJUST2", "Adjustments", "no"),
        ("TEST001", "Tests", "no"),
        ("DCGS0003", "Other codes", "no"),
        ("224233", "Other codes", "no"),
    ],
)
def test_stock_codes_say_what_is_merchandise(
    tmp_path: Path, code: str, category: str, is_merchandise: str
) -> None:
    out = adapted(write_csv(tmp_path / "retail.csv", [row(code=code)]))
    (found,) = records(out / "2010-12-01/products.csv")
    assert found == [code, "WHITE HEART", category, is_merchandise]


def test_an_invoice_whose_rows_all_come_again_counts_once(tmp_path: Path) -> None:
    """The two sheets of the workbook overlap by nine days."""
    first = [row(), row(), row("536366", "22423")]
    again = [row("536367", "22423"), *first]
    sheets = [[list(COLUMNS), *rows] for rows in (first, again)]
    source = write_workbook(tmp_path / "retail.xlsx", sheets)
    result = run(source, "--out", tmp_path / "out")
    assert "3 of 7 rows left out" in result.output
    lines = records(tmp_path / "out/2010-12-01/store_sales_line_items.csv")
    assert [line[:2] for line in lines] == [
        ["1", "536365"],
        ["2", "536365"],
        ["1", "536366"],
        ["1", "536367"],
    ]


def test_rows_of_an_invoice_that_lie_apart_are_all_kept_unless_all_of_it_is_repeated(
    tmp_path: Path,
) -> None:
    rows = [row(), row("536366"), row(), row("536366", "22423"), row(code="22423")]
    result = run(write_csv(tmp_path / "retail.csv", rows), "--out", tmp_path / "out")
    assert "left out" not in result.output
    lines = records(tmp_path / "out/2010-12-01/store_sales_line_items.csv")
    assert [(line[1], line[0], line[2]) for line in lines] == [
        ("536365", "1", "85123A"),
        ("536365", "2", "85123A"),
        ("536365", "3", "22423"),
        ("536366", "1", "85123A"),
        ("536366", "2", "22423"),
    ]


def test_what_is_wrong_in_a_row_is_left_to_the_gate(tmp_path: Path) -> None:
    """Nothing is lost here: a row goes into a file, with its texts as they are."""
    rows = [
        row(InvoiceDate="soon"),
        row("536366", Quantity="six"),
        row("", "22423"),
        row("536367", "", Price="NaN", InvoiceDate="2010-12-02 09:00:00"),
        row("536368", InvoiceDate=""),
    ]
    found = contents(adapted(write_csv(tmp_path / "retail.csv", rows)))
    buyer = ["17850", "United Kingdom"]
    assert sorted(found["2010-12-01/store_sales_header.csv"]) == [
        ["", *buyer, "2010-12-01 08:26:00", "15.30", "SALE"],
        ["536365", *buyer, "soon", "15.30", "SALE"],
        ["536366", *buyer, "2010-12-01 08:26:00", "", "SALE"],
    ]
    assert sorted(found["2010-12-02/store_sales_header.csv"]) == [
        ["536367", *buyer, "2010-12-02 09:00:00", "", "SALE"],
        ["536368", *buyer, "", "15.30", "SALE"],
    ]
    assert ["1", "536366", "85123A", "six", ""] in found["2010-12-01/store_sales_line_items.csv"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("retail.txt", b"", "use a file .csv, .csv.xz, .csv.gz, .xlsx or .parquet"),
        ("retail.csv", b"", "there is no column Invoice in its first row"),
        ("retail.csv", b"Invoice,StockCode\n", "there is no column Description"),
        ("retail.csv.xz", b"no archive", "cannot be read after line 1"),
        ("retail.csv.gz", b"no archive", "cannot be read after line 1"),
        ("retail.xlsx", b"no workbook", "cannot be read as a workbook"),
        ("retail.parquet", b"no table", "cannot be read"),
    ],
)
def test_a_file_that_is_not_the_data_set_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    told = refusal(source, "--out", tmp_path / "out")
    assert told.startswith(f"lens adapt: {source}")
    assert message in told


def test_a_file_cut_off_and_one_without_a_date_write_nothing(tmp_path: Path) -> None:
    whole = as_xz(tmp_path).read_bytes()
    source = tmp_path / "cut.csv.xz"
    source.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read after line" in refusal(source, "--out", tmp_path / "out")
    source = write_csv(tmp_path / "dateless.csv", [row(InvoiceDate="soon")])
    assert "no row with a date" in refusal(source, "--out", tmp_path / "out")
    assert not list((tmp_path / "out").glob("[!.]*"))
    assert not list((tmp_path / "out").glob(".adapting_*"))


def test_dates_with_the_day_first_are_refused_before_they_are_taken_for_others(
    tmp_path: Path,
) -> None:
    rows = [row(InvoiceDate="01/12/2010 08:26"), row("536366", InvoiceDate="13/12/2010 08:26")]
    told = refusal(write_csv(tmp_path / "retail.csv", rows), "--out", tmp_path / "out")
    assert "retail.csv, row 2: InvoiceDate 13/12/2010 08:26" in told


def test_a_folder_with_files_needs_a_word_and_a_bad_file_does_not_cost_them(
    tmp_path: Path,
) -> None:
    source = write_csv(tmp_path / "retail.csv", SMALL)
    out = adapted(source)
    before = contents(out)
    assert "data files lie there already" in refusal(source, "--out", out)
    bad = write_csv(tmp_path / "bad.csv", [], ["Invoice"])
    assert "no column" in refusal(bad, "--out", out, "--replace")
    assert contents(out) == before
    adapted(write_csv(source, SMALL[:3]), "--replace")
    assert {name.split("/")[0] for name in contents(out)} == {"2010-12-01"}
    (out / "2010-12-01/mine.csv").touch()
    assert "mine.csv is not of lens" in refusal(source, "--out", out, "--replace")


def test_a_file_that_is_not_there_and_a_day_that_is_none_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    assert f"{missing}: No such file" in refusal(missing, "--out", tmp_path / "out")
    source = write_csv(tmp_path / "retail.csv", SMALL)
    assert run(source, "--out", tmp_path / "out", "--shift-to", "June").exit_code == 2
    assert "beyond the calendar" in refusal(
        source, "--out", tmp_path / "out", "--shift-to", "9999-12-31"
    )
