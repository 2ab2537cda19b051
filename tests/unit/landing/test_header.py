"""Separators, names and refusals that follow from a file's first bytes."""

import dataclasses

import pytest

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.landing.content import ContentError
from loyalty_lens.landing.header import read_layout

LINES = load_data_sets()["store_sales_line_items"]
STORES = load_data_sets()["stores"]
HEADER = "line_item_id,transaction_id,product_id,quantity,line_item_amount"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_detected_from_the_header(separator: str) -> None:
    layout = read_layout(f"{HEADER}\n1,2;3|4\t5,6\n".replace(",", separator).encode(), LINES)
    assert layout.separator == separator
    assert layout.columns == tuple(HEADER.split(","))


def test_known_columns_decide_the_separator_and_not_the_number_of_marks() -> None:
    head = "store_id;store_name;notes, remarks, and, much, more\n"
    layout = read_layout(head.encode(), STORES)
    assert (layout.separator, len(layout.fields)) == (";", 3)


def test_single_column_file_is_read() -> None:
    assert read_layout(b"store_id\nS1\n", STORES).fields == ("store_id",)


@pytest.mark.parametrize("name", ["Store ID", " STORE-ID ", '"store_id"', '"Store  Id"'])
def test_names_are_normalised(name: str) -> None:
    assert read_layout(f"{name},Store Name\n".encode(), STORES).columns == (
        "store_id",
        "store_name",
    )


def with_alias(data_set: DataSet, column: str, alias: str) -> DataSet:
    columns = tuple(
        dataclasses.replace(known, aliases=(alias,)) if known.name == column else known
        for known in data_set.columns
    )
    return dataclasses.replace(data_set, columns=columns)


def test_aliases_of_the_contract_are_known() -> None:
    data_set = with_alias(STORES, "store_id", "filiale")
    layout = read_layout(b"Filiale;Store Name\n1;x\n", data_set)
    assert (layout.separator, layout.columns, layout.extra) == (";", ("store_id", "store_name"), ())


def test_unknown_columns_are_extra_and_unnamed_ones_get_a_name() -> None:
    layout = read_layout(b"color,store_id,,\n", STORES)
    assert layout.fields == ("color", "store_id", "column_3", "column_4")
    assert layout.extra == ("color", "column_3", "column_4")
    assert layout.columns == ("store_id",)


@pytest.mark.parametrize(
    ("before", "ending", "line"),
    [
        ("", "\n", 2),
        ("", "\r\n", 2),
        ("\ufeff", "\n", 2),
        ("\ufeff\n \r\n", "\r\n", 4),
        (",,,\n", "\n", 3),
    ],
)
def test_rows_begin_behind_byte_order_mark_blank_lines_and_header(
    before: str, ending: str, line: int
) -> None:
    head = f"{before}store_id,store_name{ending}S1,x{ending}".encode()
    layout = read_layout(head, STORES)
    assert head[layout.offset :] == f"S1,x{ending}".encode()
    assert layout.first_line == line


def test_header_may_hold_a_quoted_line_break() -> None:
    head = b'store_id,"store\nname"\nS1,x\n'
    layout = read_layout(head, STORES)
    assert (layout.columns, layout.first_line) == (("store_id", "store_name"), 3)
    assert head[layout.offset :] == b"S1,x\n"


def test_lone_carriage_returns_end_lines_too() -> None:
    layout = read_layout(b"store_id,store_name\rS1,x\r", STORES)
    assert layout.has_carriage_returns
    assert layout.offset == len(b"store_id,store_name\r")


def test_header_in_windows_1252_is_read() -> None:
    assert read_layout("store_id,größe\n".encode("cp1252"), STORES).extra == ("größe",)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "empty; deliver it with a header row"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"S1,Paris\nS2,Rome\n", "no header row: line 1 reads 'S1,Paris'"),
        (
            b"store_name,store_city\n",
            "line 1: required column is missing: store_id; add it to the file,",
        ),
        (b"\n\nstore_name,store_city\n", "line 3: required column"),
        (b"store_id,Store-ID\n", "column store_id appears more than once"),
        (b"store_id,a,A \n", "column a appears more than once"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "export as CSV"),
        (b"store_id\n" + bytes(range(32)) * 9, "not a text file"),
        (b"store_id,\0name\n", "line 1 has control characters"),
        (b"PK\x03\x04rest", "export as CSV"),
        (b"\x1f\x8b\x08rest", ".csv.gz"),
        ("store_id,store_name\n".encode("utf-16"), "CSV UTF-8"),
        (b'"store_id,store_name\nS1,x\n', "quote"),
    ],
)
def test_what_is_no_csv_file_of_the_data_set_is_refused_in_one_line(head: bytes, said: str) -> None:
    with pytest.raises(ContentError) as refusal:
        read_layout(head, STORES)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_all_missing_columns_are_named() -> None:
    with pytest.raises(
        ContentError, match=r"columns are missing: quantity, line_item_amount; add them to"
    ):
        read_layout(b"line_item_id,transaction_id,product_id\n", LINES)


def test_a_column_without_a_name_may_have_an_alias() -> None:
    columns = tuple(
        dataclasses.replace(column, aliases=("column_2",)) if column.name == "brand" else column
        for column in load_data_sets()["products"].columns
    )
    products = dataclasses.replace(load_data_sets()["products"], columns=columns)
    assert read_layout(b"product_id,\nP1,x\n", products).columns == ("product_id", "brand")


@pytest.mark.parametrize("quote", ["", '"'])
def test_comments_above_the_header_row_are_passed_over_and_below_it_are_rows(quote: str) -> None:
    top = f"{quote}# store_id: its number{quote},,\n\n{quote}# more, or less{quote}\n"
    head = f"{top}store_id,store_name\n# S1,x\n"
    layout = read_layout(head.encode(), STORES)
    assert layout.fields == ("store_id", "store_name")
    assert head[layout.offset :] == "# S1,x\n"
    assert layout.first_line == 5


def test_a_header_that_begins_with_a_hash_is_no_comment() -> None:
    layout = read_layout(b"#,store_id\n1,S1\n", STORES)
    assert layout.fields == ("#", "store_id")
    with pytest.raises(ContentError, match="no header row: line 2 reads 'S1,x'"):
        read_layout(b"# store_id,store_name\nS1,x\n", STORES)
