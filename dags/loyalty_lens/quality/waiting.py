"""Open rejects that would be rejected again, word for word: the lines of rejected headers.

Most of what stays open is a line whose only fault is its header's. As long as every live row of
that header is rejected, judging the line again cannot change what it says.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality.suites import Suite

RULE = "header_rejected"
FACT = {"column": "_header_status", "value_set": ["rejected"]}


def table_of(data_set: DataSet) -> sql.Identifier:
    """The rejects that need not be judged again in this run: `_batch_id`, `_row_number`."""
    return sql.Identifier("judge", f"{data_set.name}__waiting")


def find(cursor: Cursor, data_set: DataSet, suite: Suite, batches: list[int]) -> bool:
    """Makes the table of the rejects that go on waiting; false, and no table, where none does.

    A transaction that comes again in `batches`, which are judged now, is not among them: its
    lines may turn out to repeat each other. Nor is anything where the suite judges it by a rule
    of its own.
    """
    rules = [rule for rule in suite.rules if rule.rule_id == RULE]
    if data_set.name != "store_sales_line_items" or not rules:
        return False
    if any(rule.severity != "reject" or rule.kwargs != FACT for rule in rules):
        return False
    cursor.execute(sql.SQL("drop table if exists {}").format(table_of(data_set)))
    cursor.execute(
        sql.SQL(
            """
            create unlogged table {waiting} as
            with lines as materialized (
                select
                    open._batch_id,
                    open._row_number,
                    hashtextextended(ops.read_id(open.transaction_id), 0) as _entity_hash
                from reject.store_sales_line_items as open
                inner join ops.load_batches as batches
                    on open._batch_id = batches.batch_id and batches.status = 'validated'
                where open.status = 'open' and open.rule_ids = array[{rule}]
            ),
            coming as materialized (
                select distinct hashtextextended(ops.read_id(raw.transaction_id), 0) as _entity_hash
                from raw.store_sales_line_items as raw
                where raw._batch_id = any({batches}::bigint[]) and exists (select from lines)
            ),
            still_rejected as (
                select live._entity_hash
                from judge.live_store_sales_header as live
                where live._entity_hash in (select lines._entity_hash from lines)
                group by live._entity_hash
                having bool_and(live._is_rejected)
            )
            select lines._batch_id, lines._row_number
            from lines
            inner join still_rejected on lines._entity_hash = still_rejected._entity_hash
            where not exists (
                select from coming where coming._entity_hash = lines._entity_hash
            )
            """
        ).format(waiting=table_of(data_set), rule=sql.Literal(RULE), batches=sql.Literal(batches))
    )
    if not cursor.rowcount:
        cursor.execute(sql.SQL("drop table {}").format(table_of(data_set)))
        return False
    cursor.execute(sql.SQL("analyze {}").format(table_of(data_set)))
    return True
