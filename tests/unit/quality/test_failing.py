"""Queries of Great Expectations for failing rows, put together into one pass."""

import pytest

from loyalty_lens.quality.failing import condition_of

TABLE = "store_sales_header"


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        (
            "SELECT _batch_id, _row_number, currency \nFROM judge.store_sales_header \n"
            "WHERE currency IS NOT NULL AND currency IN ('EUR', 'from where')",
            "(currency IS NOT NULL AND currency IN ('EUR', 'from where'))",
        ),
        (
            'SELECT _batch_id, _row_number, "order" FROM judge."store_sales_header" WHERE a OR b',
            "(a OR b)",
        ),
        ("SELECT _batch_id FROM judge.stores WHERE true", None),
        ("SELECT _batch_id FROM (SELECT 1) AS anon WHERE true", None),
        ("SELECT _batch_id FROM judge.store_sales_header JOIN judge.stores ON a WHERE true", None),
        ("WITH a AS (SELECT 1) SELECT _batch_id FROM judge.store_sales_header WHERE true", None),
    ],
)
def test_a_condition_is_taken_only_from_a_query_of_the_table_judged(
    query: str, condition: str | None
) -> None:
    assert condition_of(query, TABLE) == condition
