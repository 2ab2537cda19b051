"""`lens check`: what it tells of files, and that nothing is left of the look."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest
from click.testing import CliRunner

from loyalty_lens.bring import check as look
from loyalty_lens.bring.check import check
from loyalty_lens.bring.findings import CheckReport
from loyalty_lens.bring.throwaway import PREFIX, sweep
from loyalty_lens.cli.server import reset
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connect
from loyalty_lens.worker import Worker
from tests.conftest import Server
from tests.integration.quality.warehouse import Warehouse, deliver_masters, line, sale

TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname in ('raw', 'reject', 'ops', 'judge', 'accepted') order by 1
"""
FILES = {
    "stores.csv": "store_id,store_name,floor\nS2,Second,3\n",
    "store_sales_header_2026-01-06.csv": (
        "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
        "T1,C1,S1,2026-01-05,10.00\nT2,C1,S2,2026-01-06,7\nT3,C9,S1,2026-01-06,7\n"
        "T4,C8,S1,2026-01-06,7\nT5,C7,S1,2026-01-06,7\nT6,C6,S1,2026-01-06,x\n"
    ),
    "store_sales_line_items.csv": (
        "line_item_id;transaction_id;product_id;quantity;line_item_amount\n"
        "1;T2;P1;1;7\n2;T2;P9;1;3\n1;T1;P1;1;1;1\n"
    ),
    "products_bad.csv": "name\nx\n",
    "notes.txt": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def contents(url: str) -> dict[str, object]:
    """A hash of every table, and the sequences."""
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        found: dict[str, object] = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                "select count(*), sum(hashtextextended(cast(rows as text), 0))"
                f" from {table} as rows"
            )
            found[table] = cursor.fetchone()
        cursor.execute("select sequencename, last_value from pg_sequences order by 1")
        return found | dict(cursor.fetchall())


def databases(url: str) -> list[str]:
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select datname from pg_database order by 1")
        return [name for (name,) in cursor.fetchall()]


def rules(report: CheckReport) -> dict[tuple[str, str], int]:
    return {(found.data_set, found.rule_id): found.rows for found in report.rejected}


def test_files_are_judged_against_the_warehouse_and_nothing_in_it_changes(
    warehouse: Warehouse, gx_worker: Worker, settings: Settings, folder: Path
) -> None:
    deliver_masters(warehouse, "stores", "products", "customer_details")
    warehouse.deliver("store_sales_header", sale("T1"))
    warehouse.deliver("store_sales_line_items", line("1", "T1"))
    warehouse.deliver("store_sales_header", sale("T9", customer_id="C9"))
    warehouse.judge()
    before = contents(warehouse.url), databases(warehouse.url)
    files = sorted(Path(tempfile.gettempdir()).glob("*"))
    report = check(replace(settings, database_url=warehouse.url), folder, worker=gx_worker)
    assert (contents(warehouse.url), databases(warehouse.url)) == before
    assert set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")) <= set(files)
    assert not report.is_alone
    assert {file.path: file.outcome for file in report.files} == {
        "notes.txt": "ignored",
        "products_bad.csv": "failed",
        "stores.csv": "loaded",
        "store_sales_header_2026-01-06.csv": "loaded",
        "store_sales_line_items.csv": "loaded",
    }
    assert [file.path for file in report.refused] == ["products_bad.csv"]
    assert rules(report) == {
        ("store_sales_header", "unknown_customer"): 4,
        ("store_sales_header", "bad_amount"): 1,
        ("store_sales_line_items", "unknown_product"): 1,
        ("(no CSV record)", "malformed"): 1,
    }
    unknown = report.rejected[0]
    assert [example.place for example in unknown.examples] == ["record 3", "record 4", "record 5"]
    assert "customer_id C9 is not among" in unknown.examples[0].message
    assert report.rejected_rows == 6
    differ = next(found for found in report.warnings if found.rule_id == "header_lines_differ")
    assert (differ.data_set, differ.rows) == ("store_sales_line_items", 1)
    assert [example.place for example in differ.examples] == ["record 1"]
    assert differ.examples[0].file == "store_sales_line_items.csv"
    headers = next(file for file in report.files if "header" in file.path)
    assert [vars(counts)["duplicates"] for counts in headers.counts] == [1]
    stores, lines = (
        next(file.recognised for file in report.files if file.path == name)
        for name in ("stores.csv", "store_sales_line_items.csv")
    )
    assert stores
    assert stores.extra == ("floor",)
    assert lines
    assert lines.separator == "semicolon"


def test_files_behind_a_url_are_checked_as_those_of_a_folder(
    warehouse: Warehouse, gx_worker: Worker, settings: Settings, folder: Path
) -> None:
    bucket = fsspec.filesystem("memory")
    for name, text in FILES.items():
        bucket.pipe(f"/checked/{name}", text.encode())
    behind = check(settings, "memory://checked", worker=gx_worker)
    assert behind.folder == "memory://checked"
    assert rules(behind) == rules(check(settings, folder, worker=gx_worker)) != {}


def test_alone_what_the_warehouse_knows_plays_no_part(
    warehouse: Warehouse, gx_worker: Worker, settings: Settings, folder: Path
) -> None:
    deliver_masters(warehouse, "customer_details")
    warehouse.judge()
    own = replace(settings, database_url=warehouse.url)
    report = check(own, folder, alone=True, worker=gx_worker)
    assert report.is_alone
    assert rules(report)["store_sales_header", "unknown_store"] == 5
    assert ("store_sales_header", "unknown_customer") not in rules(report)


def test_what_a_killed_look_left_is_swept_and_one_at_work_is_left_alone(
    new_database: Callable[[], str], server: Server
) -> None:
    url = new_database()
    dead, busy = PREFIX + "dead", PREFIX + "busy"
    for name in (dead, busy):
        server.execute(f"create database {name}")
    with closing(connect(url, autocommit=True)) as other:
        other.cursor().execute(f"set application_name = '{busy}'")
        sweep(url)
        assert dead not in databases(url)
        assert busy in databases(url)
    sweep(url)
    assert busy not in databases(url)


def test_reset_takes_what_a_killed_look_left(
    new_database: Callable[[], str], server: Server, settings: Settings
) -> None:
    url = new_database()
    server.execute(f"create database {PREFIX}left")
    own = replace(settings, database_url=url)
    CliRunner().invoke(reset, ["--yes"], obj=own, catch_exceptions=False)
    assert PREFIX + "left" not in databases(url)


def test_who_may_not_create_databases_looks_on_a_server_of_its_own(
    warehouse: Warehouse, server: Server, settings: Settings
) -> None:
    name = "lens_may_not"
    server.execute(f"create role {name} login password 'p' nocreatedb")
    try:
        database = warehouse.url.rsplit("/", 1)[-1]
        server.execute(f'grant connect on database "{database}" to {name}')
        host = warehouse.url.rsplit("@", 1)[-1]
        own = replace(settings, database_url=f"postgresql://{name}:p@{host}")
        with look._databases(own, alone=False) as (url, source):
            assert source == own.database_url
            assert host.split("/")[0] not in url
            assert list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
        assert not list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    finally:
        server.execute(f"grant {name} to current_user")
        server.execute(f"drop owned by {name}")
        server.execute(f'revoke connect on database "{database}" from {name}')
        server.execute(f"drop role {name}")


def test_a_wrong_date_order_or_decimal_mark_is_named(warehouse: Warehouse) -> None:
    dates = [f"01/{day}/2026" for day in range(1, 29)]
    warehouse.deliver(
        "store_sales_header",
        *(sale(f"T{at}", transaction_date=date) for at, date in enumerate(dates)),
        source_file="american.csv",
    )
    warehouse.deliver(
        "products",
        *({"product_id": f"P{at}", "unit_price": f"1.{at:03},50"} for at in range(9)),
        source_file="german.csv",
    )
    broken = [{"product_id": f"Q{at}", "unit_price": "dear"} for at in range(9)]
    warehouse.deliver("products", *broken, source_file="broken.csv")
    notes = warehouse.judge().notes
    assert [note for note in notes if ".csv" in note] == [
        "american.csv: 16 of 28 values of transaction_date do not fit date_order day_first, but 28"
        " fit month_first: say date_order: month_first for store_sales_header in datasets.yml",
        "german.csv: 9 of 9 values of unit_price do not fit decimal_mark ., but 9 fit ,: say"
        ' decimal_mark: "," for products in datasets.yml',
    ]
