"""Rows of a file in raw: by straight COPY and by the tolerant reader, which must agree."""

import csv
import hashlib
import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing import ingest
from loyalty_lens.landing.copying import Copied, _copy_tolerantly, copy_file
from loyalty_lens.landing.discovery import find_files
from loyalty_lens.landing.header import read_layout
from loyalty_lens.warehouse.connection import connect

TEAMS = Path(__file__).resolve().parents[4] / "shared" / "data" / "teams"
STORES = "select _row_number, store_id, store_name, _extra from raw.stores order by _row_number"


def test_rows_arrive_numbered_in_file_order_whatever_the_column_order(shop: Any) -> None:
    report = shop.load("stores.csv", "store_name,store_id\nParis,S1\n,S2\nRome,S3\n")
    assert (report.outcome, report.rows_read, report.batch_id) == ("loaded", 3, 1)
    assert shop.rows(STORES) == [
        (1, "S1", "Paris", None),
        (2, "S2", None, None),
        (3, "S3", "Rome", None),
    ]
    report = shop.load("stores.csv", "store_id,store_name\nS1,Paris\n")
    assert shop.rows("select _batch_id, _row_number from raw.stores where _batch_id > 1") == [
        (2, 1)
    ]


def test_batch_row_says_how_the_file_was_read(shop: Any) -> None:
    shop.load("2026-01-05/stores.csv.gz", "store_id;store_name;colour\nS1;Paris;red\n", run_id="r1")
    columns = (
        "data_set, source_file, path_key, file_date::text, size_bytes, rows_read, rows_malformed,"
        " rows_short, status, encoding, separator, extra_columns, date_order, decimal_mark, run_id"
    )
    assert shop.rows(f"select {columns} from ops.load_batches") == [
        (
            "stores",
            "2026-01-05/stores.csv.gz",
            "2026-01-05/stores.csv",
            "2026-01-05",
            40,
            1,
            0,
            0,
            "loaded",
            "utf-8",
            ";",
            ["colour"],
            "day_first",
            ".",
            "r1",
        )
    ]


@pytest.mark.parametrize("tail", ["", "S3\n"])  # a short row takes the tolerant path
def test_unknown_columns_are_kept_as_json_on_both_paths(shop: Any, tail: str) -> None:
    content = 'colour,store_id,"it\'s %s"\nred,S1,\n,S2,"x ""y"" \\"\n,S4,\n' + tail
    report = shop.load("stores.csv", content)
    assert report.extra_columns == ("colour", "it's_%s")
    assert shop.rows("select store_id, _extra from raw.stores order by _row_number")[:3] == [
        ("S1", {"colour": "red"}),
        ("S2", {"it's_%s": 'x "y" \\'}),
        ("S4", None),
    ]


def test_short_blank_malformed_and_windows_1252_rows_take_the_tolerant_path(shop: Any) -> None:
    content = (
        b"\xef\xbb\xbfstore_id,store_name,store_city\r\n"
        b"S1,Caf\xe9,Paris\r\n"
        b"\r\n"
        b"S2,short\r\n"
        b"S3,too,many,fields\r\n"
        b'S4,"two\r\nlines",Rome\r\n'
        b'S5,"open,Rome\r\n'
        b"S6,nul\0,Rome\r\n"
        b'S7,"",\\N\r\n'
    )
    report = shop.load("stores.csv", content)
    assert (report.rows_read, report.rows_malformed, report.rows_short) == (7, 3, 1)
    assert shop.rows(
        "select _row_number, store_id, store_name, store_city from raw.stores order by 1"
    ) == [
        (1, "S1", "Café", "Paris"),
        (2, "S2", "short", None),
        (4, "S4", "two\r\nlines", "Rome"),
        (7, "S7", "", "\\N"),
    ]
    assert shop.rows("select _batch_id, line_number, line, reason from reject.malformed_lines") == [
        (1, 5, "S3,too,many,fields", "4 fields where the header has 3"),
        (1, 8, 'S5,"open,Rome', "a quote does not close before line 9"),
        (1, 9, "S6,nul\\x00,Rome", "NUL byte"),
    ]
    assert shop.value("select encoding from ops.load_batches") == "utf-8, windows-1252"
    assert "1 rows read as Windows-1252" in (report.message or "")


def test_header_without_rows_is_an_empty_batch(shop: Any) -> None:
    assert shop.load("stores.csv", "store_id,store_name").rows_read == 0
    assert shop.statuses() == {1: "loaded"}


def test_single_column_and_carriage_return_files_load(shop: Any) -> None:
    assert shop.load("stores.csv", "store_id\nS1\n\nS2\n").rows_read == 2
    assert shop.load("products.csv", "product_id,brand\rP1,x\rP2,y\r").rows_read == 2
    assert shop.rows("select product_id, brand from raw.products order by 1") == [
        ("P1", "x"),
        ("P2", "y"),
    ]


@pytest.mark.parametrize(
    ("discounts", "in_percent"),
    [
        (["10", "20", "0.5"], True),
        (["10", "0.1"], True),
        (["10", "0.1", "0.2"], False),
        (["1", "0.1"], False),
        (["10", "", "NULL", "x"], True),
        (["", ""], False),
    ],
)
def test_discounts_are_in_percent_where_at_least_half_exceed_one(
    shop: Any, discounts: list[str], in_percent: bool
) -> None:
    header = "promotion_id,start_date,end_date,discount_percentage\n"
    rows = [f"P{at},2026-01-01,2026-01-31,{value}\n" for at, value in enumerate(discounts)]
    shop.load("promotion_details.csv", header + "".join(rows))
    assert shop.value("select is_discount_in_percent from ops.load_batches") is in_percent


def test_report_is_ready_for_json_and_names_what_is_missing(shop: Any) -> None:
    shop.put("stores.csv", "store_id\nS1\n")
    shop.put("notes.txt", "x")
    report = shop.ingest()
    assert set(report.missing_data_sets) == set(load_data_sets()) - {"stores"}
    document = json.loads(json.dumps(report.as_dict()))
    assert (document["files_seen"], document["files_loaded"], document["rows_read"]) == (2, 1, 1)
    assert [file["outcome"] for file in document["files"]] == ["ignored", "loaded"]


@pytest.mark.parametrize("team", ["team_a", "team_b", "team_c"])
def test_team_files_are_read_row_for_row(shop: Any, team: str) -> None:
    if not (TEAMS / team).is_dir():
        pytest.skip("the shared data folder is not there")
    report = ingest(shop.url, TEAMS / team, supersede_limit=Decimal("0.2"))
    assert {file.outcome for file in report.files} == {"loaded"}
    for file in report.files:
        with (TEAMS / team / file.path).open(newline="", encoding="utf-8-sig") as stream:
            header, *rows = [row for row in csv.reader(stream) if row]
        names = [name for name in header if name not in file.extra_columns]
        loaded = shop.rows(
            f"select {', '.join(names)} from raw.{file.data_set} order by _row_number"
        )
        expected = [
            tuple(dict(itertools.zip_longest(header, row)).get(name) or None for name in names)
            for row in rows
        ]
        assert (file.rows_read, file.rows_malformed) == (len(rows), 0)
        assert file.rows_short == sum(len(row) < len(header) for row in rows)
        assert loaded == expected


EMPTY_BATCH = """
insert into ops.load_batches (batch_id, data_set, source_file, path_key, sha256, size_bytes, status)
overriding system value values (7, 'stores', 'stores.csv', 'stores.csv', '', 0, 'loaded')
on conflict do nothing
"""


@pytest.fixture(scope="module")
def cursor(landing_url: str) -> Iterator[Any]:
    with closing(connect(landing_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(EMPTY_BATCH)
        with connection.cursor() as cursor:
            yield cursor


pieces = st.sampled_from(
    [
        "a",
        "é",
        ",",
        ",",
        ",,",
        '"',
        '"',
        '""',
        "\n",
        "\n",
        "\r\n",
        " ",
        "\\",
        "\\.",
        "\r",
        "S1,x,y\n",
    ]
)


@given(st.lists(pieces, max_size=30), st.booleans(), st.booleans())
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_straight_copy_reads_exactly_what_the_tolerant_reader_reads(
    cursor: Any, tmp_path: Path, parts: list[str], has_extra: bool, is_clean: bool
) -> None:
    """Whatever COPY is allowed to load it must read as the tolerant reader would."""
    header = "store_id,store_name,colour\n" if has_extra else "store_id,store_name,store_city\n"
    body = "".join(parts)
    if is_clean:  # rows of three fields, so that the straight path has its share
        body = "".join(f'{part.strip()}1,"{part}",z\n' for part in parts if part not in '"\r"')
    (tmp_path / "stores.csv").write_bytes((header + body).encode())
    (file,), _ = find_files(tmp_path, load_data_sets())
    layout = read_layout((header + body).encode(), file.data_set)

    def loaded(copy: Any) -> tuple[Copied, list[Any]]:
        cursor.execute("truncate raw.stores")
        copied = copy(cursor, file, layout, 7)
        cursor.execute(
            "select _batch_id, _row_number, store_id, store_name, store_city, _extra"
            " from raw.stores order by _row_number"
        )
        rows = cursor.fetchall()
        cursor.connection.rollback()
        return copied, rows

    straight, rows = loaded(copy_file)
    if straight.is_fast:
        tolerant, expected = loaded(_copy_tolerantly)
        assert rows == expected
        assert (tolerant.rows_read, tolerant.rows_malformed, tolerant.rows_short) == (
            straight.rows_read,
            0,
            0,
        )


@pytest.mark.parametrize(
    "row",
    [b"S1,x,y", b'"S1","x, ""y""","two\nlines"', b'S1,"",', "S1,é,y".encode()],
)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_clean_files_take_the_straight_path(
    cursor: Any, tmp_path: Path, row: bytes, ending: bytes
) -> None:
    content = ending.join([b"store_id,store_name,colour", *[row] * 20_000, b""])
    (tmp_path / "stores.csv").write_bytes(content)
    (file,), _ = find_files(tmp_path, load_data_sets())
    copied = copy_file(cursor, file, read_layout(content, file.data_set), 7)
    cursor.connection.rollback()
    sha256 = hashlib.sha256(content).hexdigest()
    assert copied == Copied(20_000, 0, 0, 0, is_fast=True, sha256=sha256)
