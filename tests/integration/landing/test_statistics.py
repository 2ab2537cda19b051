"""The planner's statistics of raw: taken where much has come, left alone where little has."""

from typing import Any

RECKONED = "select reltuples from pg_class where oid = cast('raw.store_sales_header' as regclass)"


def test_statistics_are_taken_again_once_a_table_has_grown(shop: Any) -> None:
    landed, reckoned = 0, []
    for number, rows in enumerate((5000, 10, 5000)):
        keys = [f"T{number}-{place}" for place in range(rows)]
        shop.put(f"store_sales_header_2026-01-0{number + 1}.csv", shop.headers(*keys))
        shop.ingest()
        landed += rows
        ((tuples,),) = shop.rows(RECKONED)
        reckoned.append((landed, int(tuples)))
    assert reckoned == [(5000, 5000), (5010, 5000), (10010, 10010)]
