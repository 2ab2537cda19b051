"""The warning `outlier`: what clean.sale_lines says of each batch, beside the gate's results.

Which amounts are usual can be told only from the accepted lines of the months before, so dbt judges
them (`line_amount_limits`); here the flags are counted, once clean is built.
"""

from loyalty_lens.warehouse.connection import connected

# With the time of the batch's latest judgement, of which it is part. Written only where it is news.
WRITE = """
with latest as (
    select results.batch_id, max(results.validated_at) as validated_at
    from ops.validation_results as results
    inner join ops.load_batches as batches
        on results.batch_id = batches.batch_id and batches.status = 'validated'
    where results.data_set = 'store_sales_line_items'
    group by results.batch_id
),
counted as (
    select
        _batch_id as batch_id,
        count(*) filter (where not is_return) as rows_evaluated,
        count(*) filter (where is_suspect) as rows_failed
    from clean.sale_lines
    group by _batch_id
),
present as (
    select results.*
    from ops.validation_results as results
    inner join latest
        on results.batch_id = latest.batch_id and results.validated_at = latest.validated_at
    where results.rule_id = 'outlier'
),
news as (
    select
        latest.batch_id,
        latest.validated_at,
        coalesce(counted.rows_evaluated, 0) as rows_evaluated,
        coalesce(counted.rows_failed, 0) as rows_failed
    from latest
    left join counted on latest.batch_id = counted.batch_id
    left join present on latest.batch_id = present.batch_id
    where
        (coalesce(counted.rows_evaluated, 0), coalesce(counted.rows_failed, 0))
        is distinct from (present.rows_evaluated, present.rows_failed)
),
forgotten as (
    delete from ops.validation_results as results
    using news
    where
        results.batch_id = news.batch_id
        and results.validated_at = news.validated_at
        and results.rule_id = 'outlier'
)
insert into ops.validation_results (
    run_id, batch_id, data_set, rule_id, column_name, dimension, severity, rows_evaluated,
    rows_failed, validated_at
)
select
    %s, news.batch_id, 'store_sales_line_items', 'outlier', 'line_item_amount', 'validity', 'warn',
    news.rows_evaluated, news.rows_failed, news.validated_at
from news
"""


def record_outliers(url: str, run_id: str | None) -> None:
    """One result for each batch of sales lines: sale lines, and how many of them are suspect."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(WRITE, (run_id,))
