"""The report of `lens check`: 80 columns, and the right next step."""

import io

import pytest
from rich.console import Console

from loyalty_lens.bring.findings import CheckReport, Counts, Example, FileCheck, Finding
from loyalty_lens.bring.recognition import Recognised
from loyalty_lens.bring.show import WIDTH, next_step, show

NAME = "2026-01-05/store_sales_header_of_a_store_with_a_long_name.csv"
HEADERS = FileCheck(
    NAME,
    "loaded",
    "2 rows shorter than the header; extra columns kept in _extra: till",
    Recognised(
        NAME,
        "store_sales_header",
        "2026-01-05",
        "tab",
        ("transaction_id", "customer_id", "store_id", "transaction_date", "total_amount"),
        (("kunde", "customer_id"),),
        ("till",),
        ("customer_phone", "currency"),
        "day_first",
        ",",
        (),
    ),
    (Counts(NAME, "store_sales_header", "validated", "utf-8", 12, 9, 2, 0, 1),),
)
REFUSED = FileCheck("a.csv", "failed", "a.csv: the file is empty", None, ())
IGNORED = FileCheck("a.txt", "ignored", "a.txt: not a .csv or .csv.gz file", None, ())
FINDING = Finding(
    "store_sales_header", "unknown_customer", 2, (Example(NAME, "record 3", "C9 [x] is " * 20),)
)


def shown(report: CheckReport) -> str:
    output = io.StringIO()
    show(Console(file=output, width=WIDTH), report)
    return output.getvalue()


def test_everything_fits_80_columns_and_says_what_it_is() -> None:
    text = shown(
        CheckReport(
            "my landing",
            False,
            (HEADERS, REFUSED, IGNORED),
            (FINDING,),
            (Finding("products", "bad_value (unit_price)", 1),),
            ("no stores file: 3 stores inferred",),
            replayed=4,
        )
    )
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    for told in (
        "is        store_sales_header, of 2026-01-05, separated by tab, UTF-8",
        "read as   kunde is customer_id",
        "extra     till (not known; kept in _extra)",
        'decimal_mark ","',
        "12 read: 9 accepted, 2 rejected, 1 malformed",
        "noticed   2 rows shorter than the header",
        "would be refused: the file is empty",
        "would be ignored: not a .csv",
        "store_sales_header  unknown_customer  2 rows",
        "record 3: C9 [x] is",
        "products  bad_value (unit_price)  1 row",
        "4 rows that wait in reject would come through",
        "1 of 3 files would be loaded, 1 would not; 3 rows rejected.",
        "lens check 'my landing'",
    ):
        assert " ".join(told.split()) in " ".join(text.split())


@pytest.mark.parametrize(
    ("files", "step"),
    [
        ((HEADERS, REFUSED), "correct the files that would not be loaded"),
        ((HEADERS,), "correct what is rejected, or load all as it is"),
        ((IGNORED,), "no file has the name of a data set: see lens template"),
        ((FileCheck("a.csv", "loaded", None, HEADERS.recognised, ()),), "lens run --landing d"),
    ],
)
def test_the_next_step_fits_what_was_found(files: tuple[FileCheck, ...], step: str) -> None:
    assert next_step(CheckReport("d", True, files)).startswith(step)
