"""Open rejects that would be rejected again, word for word: sales lines that still wait.

Most of what stays open is a line whose header is missing or rejected, whose product is unknown, or
whose key another line has. As long as that is so, judging the line again cannot change what it
says; looking that up costs much less.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import look_ups
from loyalty_lens.quality.reading import data_set_column, hash_of, read_column
from loyalty_lens.quality.suites import Rule, Suite

LINES = "store_sales_line_items"
# What each rule judges as delivered; a suite that judges it otherwise lets no line wait.
RULES = {
    "header_missing": {"column": "_header_status", "value_set": ["missing"]},
    "header_rejected": {"column": "_header_status", "value_set": ["rejected"]},
    "unknown_product": {"column": "_product_found", "value_set": [True]},
    "duplicate_key": {"column": "_key_rank", "min_value": 1, "max_value": 1},
}
OF_THE_LINE = ("_sale_quantity", "_sale_amount")  # facts that its header decides for good
RETURNS = 2  # the phase of rules on lines of accepted returns; of those none waits


def table_of(data_set: DataSet) -> sql.Identifier:
    """The rejects that need not be judged again in this run: `_batch_id`, `_row_number`."""
    return sql.Identifier("judge", f"{data_set.name}__waiting")


def find(cursor: Cursor, data_set: DataSet, suite: Suite, batches: list[int]) -> bool:
    """Makes the table of the rejects that go on waiting; false, and no table, where none does.

    A transaction that comes again in `batches`, which are judged now, is not among them: its
    lines may turn out to repeat each other.
    """
    if data_set.name != LINES or not _is_usual(data_set, suite):
        return False
    known = look_ups.what_is_known(cursor, data_set)
    if not known["has_headers"]:
        return False
    cursor.execute(sql.SQL("drop table if exists {}").format(table_of(data_set)))
    cursor.execute(
        sql.SQL(
            """
            create unlogged table {waiting} as
            with lines as materialized (
                select
                    delivered._batch_id,
                    delivered._row_number,
                    delivered.rule_ids,
                    hashtextextended({transaction_id}, 0) as _entity_hash,
                    {key_hash} as _key_hash,
                    {product_id} as product_id
                from reject.store_sales_line_items as delivered
                inner join ops.load_batches as batches
                    on delivered._batch_id = batches.batch_id and batches.status = 'validated'
                where delivered.status = 'open' and delivered.rule_ids <@ {rules}::text[]
            ),
            coming as materialized (
                select distinct hashtextextended({transaction_id}, 0) as _entity_hash
                from raw.store_sales_line_items as delivered
                where
                    delivered._batch_id = any({batches}::bigint[])
                    and exists (select from lines)
            ),
            headers as (
                select distinct on (live._entity_hash)
                    live._entity_hash,
                    live._is_rejected and not live._is_unmatched as is_rejected,
                    live._is_return as is_return
                from judge.live_store_sales_header as live
                where live._entity_hash in (select lines._entity_hash from lines)
                order by
                    live._entity_hash, live._is_rejected, not live._is_unmatched,
                    live._batch_id, live._row_number
            ),
            unknown_products as (
                select wanted.product_id
                from (select distinct lines.product_id from lines) as wanted
                where
                    {has_products}
                    and not exists (
                        select from judge.live_products as live
                        where
                            live._entity_hash = hashtextextended(wanted.product_id, 0)
                            and not live._is_rejected
                    )
            ),
            taken_keys as (
                select distinct live._key_hash
                from judge.live_store_sales_line_items as live
                where
                    live._entity_hash in (
                        select lines._entity_hash from lines
                        where 'duplicate_key' = any(lines.rule_ids)
                    )
                    and not live._is_rejected
            )
            select lines._batch_id, lines._row_number
            from lines
            left join headers on lines._entity_hash = headers._entity_hash
            left join unknown_products on lines.product_id = unknown_products.product_id
            left join taken_keys on lines._key_hash = taken_keys._key_hash
            where
                not exists (
                    select from coming where coming._entity_hash = lines._entity_hash
                )
                and ('header_missing' = any(lines.rule_ids)) = (headers._entity_hash is null)
                and ('header_rejected' = any(lines.rule_ids)) = coalesce(headers.is_rejected, false)
                and ('unknown_product' = any(lines.rule_ids))
                = (unknown_products.product_id is not null)
                and (
                    'duplicate_key' <> all(lines.rule_ids)
                    or (taken_keys._key_hash is not null and not headers.is_return)
                )
            """
        ).format(
            waiting=table_of(data_set),
            rules=sql.Literal(list(RULES)),
            batches=sql.Literal(batches),
            has_products=sql.Literal(known["has_products"]),
            key_hash=hash_of(
                [read_column(data_set_column(data_set, name)) for name in data_set.key]
            ),
            transaction_id=read_column(data_set_column(data_set, "transaction_id")),
            product_id=read_column(data_set_column(data_set, "product_id")),
        )
    )
    if not cursor.rowcount:
        cursor.execute(sql.SQL("drop table {}").format(table_of(data_set)))
        return False
    cursor.execute(sql.SQL("analyze {}").format(table_of(data_set)))
    return True


def _is_usual(data_set: DataSet, suite: Suite) -> bool:
    """Whether nothing but RULES and the line itself decides that a line is rejected."""
    rejecting = [rule for rule in suite.rules if rule.severity == "reject"]
    return all(
        rule.kwargs == RULES[rule.rule_id]
        if rule.rule_id in RULES
        else rule.phase == RETURNS or _is_of_the_line(data_set, rule)
        for rule in rejecting
    ) and set(RULES) <= {rule.rule_id for rule in rejecting}


def _is_of_the_line(data_set: DataSet, rule: Rule) -> bool:
    return all(
        column in data_set.column_names
        or column in OF_THE_LINE
        or column.startswith(("_unreadable_", "_given_"))
        for name, value in rule.kwargs.items()
        if name.startswith("column")
        for column in (value if isinstance(value, list) else [value])
    )
