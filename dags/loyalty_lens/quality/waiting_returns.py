"""Open rejects that would be rejected again: lines of returns for which no earlier sale has come.

What such a line finds is decided by the sales and returns before it, of its product and owner. As
long as none of these comes or goes, judging it again cannot change what it says, and would read the
history of its owner again. Who the owner is may be looked at loosely: a line too many is judged.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality.reading import data_set_column, read_column
from loyalty_lens.quality.returns import LINES, UNMATCHED
from loyalty_lens.quality.suites import Suite

WAITING = """
    create unlogged table {waiting} as
    with lines as materialized (
        select
            delivered._batch_id,
            delivered._row_number,
            hashtextextended({transaction_id}, 0) as _entity_hash,
            {product_id} as product_id
        from reject.store_sales_line_items as delivered
        inner join ops.load_batches as batches
            on delivered._batch_id = batches.batch_id and batches.status = 'validated'
        where delivered.status = 'open' and delivered.rule_ids = array['return_without_sale']
    ),
    returns as materialized (
        select distinct on (live._entity_hash)
            live._entity_hash,
            live.customer_id,
            live.customer_phone,
            live.store_id,
            ops.business_date(
                live.transaction_date,
                live._instant_transaction_date,
                coalesce(store_zones.time_zone, {time_zone})
            ) as business_date
        from judge.live_store_sales_header as live
        left join judge.store_zones on live.store_id = store_zones.store_id
        where
            live._entity_hash in (select lines._entity_hash from lines)
            and live._is_return
            and live.original_transaction_id is null
            and (not live._is_rejected or live._is_unmatched)
            and not exists (
                select from judge.returns_to_review as again
                where again._entity_hash = live._entity_hash
            )
        order by live._entity_hash, live._is_rejected, live._batch_id, live._row_number
    ),
    coming_lines as materialized (
        select
            hashtextextended({transaction_id}, 0) as _entity_hash,
            {product_id} as product_id
        from raw.store_sales_line_items as delivered
        where
            delivered._batch_id = any({batches}::bigint[])
            and exists (select from returns)
        union
        select
            hashtextextended({transaction_id}, 0) as _entity_hash,
            {product_id} as product_id
        from reject.store_sales_line_items as delivered
        where
            delivered.status = 'open'
            and delivered.rule_ids <> array['return_without_sale']
            and exists (select from returns)
    ),
    coming as materialized (
        select
            coming_lines.product_id,
            live.customer_id,
            live.customer_phone,
            live.store_id,
            min(
                ops.business_date(
                    live.transaction_date,
                    live._instant_transaction_date,
                    coalesce(store_zones.time_zone, {time_zone})
                )
            ) as business_date
        from coming_lines
        inner join judge.live_store_sales_header as live
            on coming_lines._entity_hash = live._entity_hash
        left join judge.store_zones on live.store_id = store_zones.store_id
        where not live._is_rejected or live._is_unmatched
        group by
            coming_lines.product_id, live.customer_id, live.customer_phone, live.store_id
    ),
    changed_customers as materialized (
        select distinct known.customer_id
        from judge.known_customer_details as known
        inner join ops.load_batches as batches
            on known._batch_id = batches.batch_id and batches.validated_at is null
    )
    select lines._batch_id, lines._row_number
    from lines
    inner join returns on lines._entity_hash = returns._entity_hash
    where
        not exists (
            select from coming_lines where coming_lines._entity_hash = lines._entity_hash
        )
        and not exists (
            select from coming
            where
                coming.product_id = lines.product_id
                and coming.business_date <= returns.business_date
                and (
                    coming.customer_id = returns.customer_id
                    or coming.customer_id is null and coming.customer_phone is not null
                    or returns.customer_id is null and returns.customer_phone is not null
                    or coming.customer_id is null
                    and returns.customer_id is null
                    and coming.store_id = returns.store_id
                )
        )
        and not exists (
            select from changed_customers
            where changed_customers.customer_id = returns.customer_id
        )
        and not (
            returns.customer_id is null
            and returns.customer_phone is not null
            and exists (select from changed_customers)
        )
"""


def table_of(data_set: DataSet) -> sql.Identifier:
    """The rejects that need not be judged again in this run: `_batch_id`, `_row_number`."""
    return sql.Identifier("judge", f"{data_set.name}__unmatched")


def find(
    cursor: Cursor, data_set: DataSet, suite: Suite, batches: list[int], time_zone: str
) -> bool:
    """Makes the table of the lines that go on waiting; false, and no table, where none does."""
    if data_set.name != LINES or not any(
        rule.severity == "reject"
        and rule.kwargs == {"column": "_sale_status", "value_set": [UNMATCHED]}
        for rule in suite.rules
    ):
        return False
    cursor.execute(
        "select exists (select from reject.store_sales_line_items"
        " where status = 'open' and rule_ids = array['return_without_sale'])"
    )
    if cursor.fetchone() != (True,):
        return False
    cursor.execute(
        sql.SQL(WAITING).format(
            waiting=table_of(data_set),
            batches=sql.Literal(batches),
            time_zone=sql.Literal(time_zone),
            transaction_id=read_column(data_set_column(data_set, "transaction_id")),
            product_id=read_column(data_set_column(data_set, "product_id")),
        )
    )
    if not cursor.rowcount:
        cursor.execute(sql.SQL("drop table {}").format(table_of(data_set)))
        return False
    cursor.execute(sql.SQL("analyze {}").format(table_of(data_set)))
    return True
