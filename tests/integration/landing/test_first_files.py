"""The first file of an empty table is copied as if committed long ago; no later one is."""

from contextlib import closing
from typing import Any

from loyalty_lens.warehouse.connection import connect

FIRST, SECOND = (f"store_sales_header_2026-01-0{day}.csv" for day in (5, 6))
SETTLED = (
    "select relallvisible = relpages from pg_class"
    " where oid = cast('raw.store_sales_header' as regclass)"
)
KEYS = "select transaction_id from raw.store_sales_header order by _batch_id, _row_number"


def keys(number: int) -> list[str]:
    return [f"T{number}-{place}" for place in range(1000)]


def test_first_rows_need_no_further_writing_and_later_ones_keep_them(shop: Any) -> None:
    shop.load(FIRST, shop.headers(*keys(1)))
    assert shop.value(SETTLED)
    shop.load(SECOND, shop.headers(*keys(2)))
    assert not shop.value(SETTLED)
    assert [key for (key,) in shop.rows(KEYS)] == keys(1) + keys(2)


def test_first_file_that_needs_the_tolerant_reader_comes_whole(shop: Any) -> None:
    """COPY emptied the table, and was rolled back to before it."""
    report = shop.load(FIRST, shop.headers(*keys(1)) + 'T9,"broken,2026-01-05,1,\n')
    assert (report.rows_read, report.rows_malformed) == (1001, 1)
    assert [key for (key,) in shop.rows(KEYS)] == keys(1)


def test_who_reads_the_empty_table_holds_up_nobody(shop: Any) -> None:
    """A backup holds each table until its end."""
    with closing(connect(shop.url)) as reader, reader.cursor() as cursor:
        cursor.execute("select from raw.store_sales_header")
        shop.load(FIRST, shop.headers(*keys(1)))
        reader.rollback()
    assert not shop.value(SETTLED)
    assert [key for (key,) in shop.rows(KEYS)] == keys(1)
