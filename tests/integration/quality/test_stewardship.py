"""A steward exports rejects, repairs them in a spreadsheet, takes them in, or waives them."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from loyalty_lens.errors import StewardshipError
from loyalty_lens.landing.supersession import supersede
from loyalty_lens.stewardship.exporting import export
from loyalty_lens.stewardship.repair import RepairReport, load_repairs
from loyalty_lens.stewardship.selection import Selection, named_data_set
from loyalty_lens.stewardship.waiving import waive
from loyalty_lens.warehouse.connection import connected
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

HEADER, LINES, PROMOTIONS = "store_sales_header", "store_sales_line_items", "promotion_details"
HEADERS = named_data_set(HEADER)
Row = dict[str, str]
Edit = Callable[[list[Row]], object]


class Desk:
    """The steward's: a folder for files, and a warehouse."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self.warehouse = warehouse
        self.folder = folder
        self.files = 0

    def export(self, data_set: str = HEADER, rule: str | None = None) -> Path:
        self.files += 1
        path = self.folder / f"rejects{self.files}.csv"
        assert export(
            self.warehouse.url, Selection(named_data_set(data_set), rule), path, "to be repaired"
        )
        return path

    def edit(self, path: Path, how: Edit) -> Path:
        rows = read(path)
        fields = list(rows[0])
        how(rows)
        text = io.StringIO()
        writer = csv.DictWriter(text, fields)
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

    def load(self, path: Path, reason: str = "typing error") -> RepairReport:
        return load_repairs(self.warehouse.url, path, reason)

    def repair(self, how: Edit, data_set: str = HEADER) -> RepairReport:
        return self.load(self.edit(self.export(data_set), how))


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def put(column: str, value: str, *places: int) -> Edit:
    def how(rows: list[Row]) -> None:
        for place in places or range(len(rows)):
            rows[place][column] = value

    return how


@pytest.fixture
def desk(warehouse: Warehouse, tmp_path: Path) -> Desk:
    deliver_masters(warehouse)
    return Desk(warehouse, tmp_path)


def counts(warehouse: Warehouse, batch: int) -> tuple[int, int, int, int]:
    ((read_, accepted, rejected, duplicate),) = warehouse.query(
        "select rows_read, rows_accepted, rows_rejected, rows_duplicate from ops.load_batches"
        " where batch_id = %s",
        batch,
    )
    return read_, accepted, rejected, duplicate


def state(warehouse: Warehouse) -> list[object]:
    content = "select md5(string_agg(t::text, '' order by t::text)) from {} as t"
    tables = (f"reject.{HEADER}", f"raw.{HEADER}", "ops.load_batches", "ops.audit_log")
    return [warehouse.query(content.format(table)) for table in tables]


def test_a_repaired_row_counts_in_the_stewards_batch(desk: Desk) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(HEADER, sale(), sale("T2", total_amount="1O"))
    lines = warehouse.deliver(LINES, line("1", "T2"))
    warehouse.judge()
    report = desk.repair(put("total_amount", "10"))
    ((steward,),) = ((made.batch_id,) for made in report.batches)
    assert report.changed == (("total_amount", 1),)
    assert warehouse.accepted(HEADER) == [(batch, 1)]  # until the gate has judged it
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(batch, 1), (steward, 2)]
    assert warehouse.accepted(LINES) == [(lines, 1)]
    assert counts(warehouse, batch) == (2, 1, 1, 0)
    assert counts(warehouse, steward) == (1, 1, 0, 0)
    assert warehouse.query(
        "select status, resolved_at is not null from reject.store_sales_header"
    ) == [("superseded", True)]
    warehouse.check_counts()
    assert warehouse.query(
        "select action, reason, data_set, batch_id::int, row_number::int, details"
        " from ops.audit_log where action = 'repair'"
    ) == [
        (
            "repair",
            "typing error",
            HEADER,
            batch,
            2,
            {"columns": ["total_amount"], "repaired_in": steward},
        )
    ]


def test_the_stewards_batch_is_dated_and_read_as_the_delivery_that_it_repairs(desk: Desk) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(
        PROMOTIONS,
        {
            "promotion_id": "X9",
            "start_date": "01/02/2026",
            "end_date": "03/02/2026",
            "discount_percentage": "2O,5",
        },
        file_date="2026-01-05",
        decimal_mark=",",
        date_order="month_first",
        is_discount_in_percent=True,
    )
    warehouse.judge()
    warehouse.query("update ops.load_batches set loaded_at = loaded_at - interval '3 days'")
    report = desk.repair(put("discount_percentage", "20,5"), PROMOTIONS)
    warehouse.judge()
    dated = (
        "select file_date, loaded_at, business_date, decimal_mark, date_order,"
        " is_discount_in_percent from ops.load_batches where batch_id = %s"
    )
    steward = report.batches[0].batch_id
    assert warehouse.query(dated, steward) == warehouse.query(dated, batch)
    assert (steward, 1) in warehouse.accepted(PROMOTIONS)


def test_a_repaired_row_may_be_rejected_again_and_repaired_again(desk: Desk) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(HEADER, sale("T2", total_amount="x", store_id="S9"))
    warehouse.judge()
    first = desk.repair(put("total_amount", "10")).batches[0]
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(first.batch_id, 1): ["unknown_store"]}
    second = desk.repair(put("store_id", "S1")).batches[0]
    assert second.repairs_batch == batch
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(second.batch_id, 1)]
    assert warehouse.rejected(HEADER) == {}
    warehouse.check_counts()


def test_unchanged_rows_stay_open_and_loading_twice_changes_nothing(desk: Desk) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(HEADER, sale(total_amount="x"), sale("T2", customer_id="C9"))
    warehouse.judge()
    path = desk.edit(desk.export(), put("total_amount", "9", 0))
    report = desk.load(path)
    assert (report.unchanged, report.known, len(report.batches)) == (1, 0, 1)
    before = state(warehouse)
    again = desk.load(path)
    assert (again.unchanged, again.known, again.batches) == (1, 1, ())
    assert state(warehouse) == before
    warehouse.judge()
    assert warehouse.rejected(HEADER) == {(batch, 2): ["unknown_customer"]}
    # The customer arrives: what the file leaves unchanged is closed meanwhile, and no offence.
    warehouse.deliver("customer_details", {"customer_id": "C9"})
    warehouse.judge()
    assert desk.load(path).known == 2


def test_what_a_spreadsheet_wrote_in_another_way_is_no_change(desk: Desk) -> None:
    warehouse = desk.warehouse
    warehouse.deliver(
        HEADER,
        sale(
            "0042",
            customer_id="C9",
            transaction_date="2026-01-05 10:00:00",
            total_amount="1,234.50",
            payment_method=" card ",
            currency="NULL",
        ),
    )
    warehouse.judge()

    def resaved(rows: list[Row]) -> None:
        rows[0] |= {
            "_batch_id": rows[0]["_batch_id"] + ".0",
            "transaction_date": "05/01/2026 10:00",
            "total_amount": "1234.5",
            "payment_method": "card",
            "currency": "",
        }

    report = desk.repair(resaved)
    assert (report.unchanged, report.batches) == (1, ())


NASTY = [
    '=cmd|"/c calc"!A1',
    "'=1+1",
    "''-2+3",
    "@x",
    "-5",
    "+49 30 12",
    "+4930",
    "-1,234.50",
    "'plain",
    "\tTab",
    "two\nlines",
    "\rreturn",
    'quote " and, comma; semicolon',
    "  spaces ",
    "Größe €",
    "\\.",
    "-",
]


def test_every_value_comes_back_exactly_and_none_is_a_formula(desk: Desk) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(
        HEADER, *(sale(f"T{n}", payment_method=v, total_amount="x") for n, v in enumerate(NASTY))
    )
    warehouse.judge()
    path = desk.export()
    for row in read(path):
        value = row["payment_method"]
        assert (value[:1] not in "=@\t\r" and not value.startswith(("-", "+"))) or value in (
            "-5",
            "+4930",
            "-1,234.50",
        )
    steward = desk.load(desk.edit(path, put("total_amount", "1"))).batches[0].batch_id
    values = "select payment_method from raw.store_sales_header where _batch_id = %s order by"
    assert warehouse.query(f"{values} _row_number", steward) == [(v,) for v in NASTY]
    assert warehouse.query(f"{values} _row_number", batch) == [(v,) for v in NASTY]


def test_a_file_from_a_spreadsheet_with_semicolons_and_columns_of_its_own(desk: Desk) -> None:
    warehouse = desk.warehouse
    warehouse.deliver(HEADER, sale("T2", total_amount="x", currency="EUR"))
    warehouse.judge()
    (row,) = read(desk.export())
    path = desk.folder / "small.csv"
    path.write_bytes(
        "\ufeff_row_number;total_amount;_batch_id;Note\r\n"
        f"{row['_row_number']};7;{row['_batch_id']};ok\r\n".encode()
    )
    report = desk.load(path)
    assert report.ignored_columns == ("note",)
    warehouse.judge()
    assert warehouse.query("select total_amount, currency from accepted.store_sales_header") == [
        ("7", "EUR")
    ]


def test_a_reference_that_is_wrong_is_refused_with_its_line_and_nothing_is_loaded(
    desk: Desk,
) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(HEADER, sale(total_amount="x"), sale("T2", total_amount="x"))
    warehouse.judge()
    cases: list[tuple[Row, str]] = [
        ({"_row_number": "9"}, f"row 9 of batch {batch} is not among the rejects"),
        ({"_batch_id": "99"}, "there is no batch 99"),
        ({"_batch_id": "x"}, "_batch_id and _row_number say which reject this is"),
        ({"_row_number": "1"}, f"row 1 of batch {batch} is named twice"),
        ({"_batch_id": "1"}, "batch 1 is of stores"),
    ]
    for change, message in cases:

        def how(rows: list[Row], change: Row = change) -> None:
            put("total_amount", "5")(rows)
            rows[1] |= change

        path = desk.edit(desk.export(), how)
        before = state(warehouse)
        with pytest.raises(StewardshipError) as caught:
            desk.load(path)
        assert f"{path}, line 3: {message}" in str(caught.value)
        assert state(warehouse) == before


def test_a_closed_reject_cannot_be_repaired_in_another_way(desk: Desk) -> None:
    warehouse = desk.warehouse
    batch = warehouse.deliver(HEADER, sale(total_amount="x"), sale("T2", total_amount="x"))
    warehouse.judge()
    path = desk.export()
    waive(warehouse.url, Selection(HEADERS, None, batch, 1), "test sale")
    with pytest.raises(StewardshipError, match=r"line 2: row 1 of batch \d+: closed already \(wai"):
        desk.load(desk.edit(path, put("total_amount", "5")))
    desk.repair(put("total_amount", "6"))
    desk.edit(path, lambda rows: rows.pop(0))
    with pytest.raises(StewardshipError, match=r"line 2: row 2 of batch \d+: repaired before"):
        desk.load(path)


def test_a_file_that_is_no_export_is_refused(desk: Desk) -> None:
    path = desk.folder / "fixed.csv"
    for content, message in (
        (b"", "the file is empty"),
        (b"transaction_id,total_amount\nT1,5\n", "_batch_id"),
        (b"_batch_id,_row_number\n", "no rows below its header"),
        (b'_batch_id,_row_number\n1,"2\n', "line 2: a quote does not close"),
        (b"PK\x03\x04 a workbook", "export as CSV"),
    ):
        path.write_bytes(content)
        with pytest.raises(StewardshipError) as caught:
            desk.load(path)
        assert str(caught.value).startswith(str(path)) and message in str(caught.value)


def test_repaired_rows_go_when_a_corrected_file_replaces_the_delivery(desk: Desk) -> None:
    warehouse = desk.warehouse
    old = warehouse.deliver(HEADER, sale("T2", total_amount="x"))
    warehouse.judge()
    steward = desk.repair(put("total_amount", "7")).batches[0].batch_id
    warehouse.judge()
    new = warehouse.deliver(HEADER, sale("T2", total_amount="8"))
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        supersede(cursor, HEADERS, old, new)
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(new, 1)]
    assert warehouse.query(
        "select superseded_by::int from ops.load_batches where batch_id = any(%s)", [old, steward]
    ) == [(new,), (new,)]
    assert warehouse.rejected(HEADER) == {}


def test_what_a_steward_decided_stands_when_the_same_file_is_read_again(desk: Desk) -> None:
    warehouse = desk.warehouse
    rows = (sale(total_amount="x"), sale("T2", total_amount="x"), sale("T3", total_amount="x"))
    old = warehouse.deliver(HEADER, *rows, sha256="same")
    warehouse.judge()
    steward = desk.repair(put("total_amount", "7", 0)).batches[0].batch_id
    waive(warehouse.url, Selection(HEADERS, None, old, 2), "test sale")
    new = warehouse.deliver(HEADER, *rows, sha256="same")
    with connected(warehouse.url) as connection, connection.cursor() as cursor:
        supersede(cursor, HEADERS, old, new)
    warehouse.judge()
    assert warehouse.accepted(HEADER) == [(steward, 1)]
    assert warehouse.rejected(HEADER) == {(new, 3): ["bad_amount"]}
    assert counts(warehouse, new) == (3, 0, 3, 0)
    warehouse.check_counts()


def test_waived_by_rule_with_one_entry_of_the_audit_log_each(desk: Desk) -> None:
    warehouse = desk.warehouse
    first = warehouse.deliver(HEADER, sale(customer_id="C9"), sale("T2", total_amount="x"))
    second = warehouse.deliver(HEADER, sale("T3", customer_id="C9"))
    warehouse.judge()
    assert waive(warehouse.url, Selection(HEADERS, "unknown_customer"), "  staff\ntests ") == 2
    warehouse.deliver("customer_details", {"customer_id": "C9"})
    assert warehouse.judge().replayed == 0
    assert warehouse.rejected(HEADER) == {(first, 2): ["bad_amount"]}
    assert counts(warehouse, first) == (2, 0, 2, 0)
    assert warehouse.query(
        "select batch_id::int, row_number::int, reason, details from ops.audit_log order by 1"
    ) == [
        (first, 1, "staff tests", {"rule_ids": ["unknown_customer"]}),
        (second, 1, "staff tests", {"rule_ids": ["unknown_customer"]}),
    ]
    with pytest.raises(StewardshipError, match=f"row 1 of batch {first} is waived already"):
        waive(warehouse.url, Selection(HEADERS, None, first, 1), "again")
    with pytest.raises(StewardshipError, match="no open reject of rule bad_date"):
        waive(warehouse.url, Selection(HEADERS, "bad_date"), "none")
    with pytest.raises(StewardshipError, match="--reason is empty"):
        waive(warehouse.url, Selection(HEADERS, "bad_amount"), " ")


def test_an_export_is_audited_private_and_never_overwrites(desk: Desk) -> None:
    warehouse = desk.warehouse
    warehouse.deliver(HEADER, sale(total_amount="x"), sale("T2", customer_id="C9"))
    warehouse.judge()
    path = desk.export(rule="bad_amount")
    (row,) = read(path)
    assert row["rule_ids"] == "bad_amount" and row["messages"].startswith("x cannot be read")
    assert path.stat().st_mode & 0o777 == 0o600
    assert warehouse.query("select action, details from ops.audit_log") == [
        ("export", {"rows": 1, "file": path.name, "rule_id": "bad_amount"})
    ]
    selection = Selection(HEADERS)
    with pytest.raises(StewardshipError, match="exists already"):
        export(warehouse.url, selection, path, "x")
    with pytest.raises(StewardshipError, match="cannot be written"):
        export(warehouse.url, selection, desk.folder / "none" / "x.csv", "x")
    assert export(warehouse.url, Selection(HEADERS, "bad_date"), desk.folder / "n.csv", "x") == 0
    assert not (desk.folder / "n.csv").exists()
