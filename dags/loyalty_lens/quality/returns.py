"""Returns that name no sale: their lines decide, so their headers are settled after those.

A line of such a return is accepted where the sales before it have all of it to give
(`facts/store_sales_line_items_returns.sql`); which lines those are can change with every sale or
return that comes late. So lines accepted before are judged again beside new ones of the same owner
and product, and a header counts exactly as long as one of its lines does.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.quality import batches, known
from loyalty_lens.quality.suites import Rule, Suite

HEADERS, LINES = "store_sales_header", "store_sales_line_items"
RULE_ID, UNMATCHED = "return_without_sale", "unmatched"

# What a closed batch sold, and who may have brought it back: the customer, a guest of the store, or
# a guest who gave the customer's phone.
REVIEW = """
    with gone as materialized (
        select distinct hashtextextended(ops.read_id(transaction_id), 0) as hash
        from raw.{data_set}
        where _batch_id = %s
    ),
    sellers as materialized (
        select distinct known.customer_id, known.store_id, known.customer_phone
        from judge.known_store_sales_header as known
        where known._entity_hash in (select gone.hash from gone)
    ),
    phones as materialized (
        select sellers.customer_phone from sellers
        union
        select known.customer_phone
        from judge.known_customer_details as known
        where
            known._entity_hash in (
                select hashtextextended(sellers.customer_id, 0) from sellers
            )
    ),
    owners as materialized (
        select sellers.customer_id from sellers
        union
        select known.customer_id
        from judge.known_customer_details as known
        where known.customer_phone in (select phones.customer_phone from phones)
    )
    insert into judge.returns_to_review
    select distinct known._entity_hash
    from judge.known_store_sales_header as known
    where
        known._is_return
        and known.original_transaction_id is null
        and (
            known.customer_id in (select owners.customer_id from owners)
            or known.customer_id is null
            and (
                known.customer_phone in (select phones.customer_phone from phones)
                or known.store_id in (select sellers.store_id from sellers)
            )
            or known._entity_hash in (select gone.hash from gone)
        )
    on conflict do nothing
"""

# One header of each return that names no sale, and whether a line of it counts.
STANDING = """
    with standing as (
        select distinct on (live._entity_hash)
            live._batch_id,
            live._row_number,
            live._entity_hash,
            live._is_rejected
        from judge.live_store_sales_header as live
        where
            live._is_return
            and live.original_transaction_id is null
            and (not live._is_rejected or live._is_unmatched)
            and {which}
        order by live._entity_hash, live._is_rejected, live._batch_id, live._row_number
    ),
    settled as (
        select
            standing.*,
            exists (
                select from judge.live_store_sales_line_items as lines
                where lines._entity_hash = standing._entity_hash and not lines._is_rejected
            ) as is_matched
        from standing
    )
"""
OF_LINES = sql.SQL(
    "live._entity_hash in (select headers._entity_hash from judge.found_return_headers as headers"
    " where headers.is_return union all"
    " select returned._entity_hash from judge.found_returned as returned"
    " union all select again._entity_hash from judge.returns_to_review as again)"
)


def are_to_review(cursor: Cursor, data_set: DataSet) -> bool:
    """Whether lines of returns are to be judged again though none came."""
    if data_set.name != LINES:
        return False
    cursor.execute("select exists (select from judge.returns_to_review)")
    return cursor.fetchone() == (True,)


def review(cursor: Cursor, data_set: DataSet, batch: int) -> None:
    """Says that the sales of a batch have gone: who brought any back is looked at again."""
    if data_set.name in (HEADERS, LINES):
        data_sets = load_data_sets()
        for name in (HEADERS, "customer_details"):
            known.bring_up_to_date(cursor, data_sets[name])
        statement = sql.SQL(REVIEW).format(data_set=sql.Identifier(data_set.name))
        cursor.execute(statement, (batch,))


def settle_reviewed(cursor: Cursor, headers: DataSet, suite: Suite, time_zone: str) -> int:
    """Settles the headers whose lines were just judged; how many came through now."""
    cursor.execute("select to_regclass('judge.found_return_headers') is not null")
    if cursor.fetchone() != (True,):
        return 0
    came_through = _settle(cursor, headers, suite, OF_LINES, time_zone)
    cursor.execute("delete from judge.returns_to_review")
    return came_through


def settle_new(cursor: Cursor, headers: DataSet, suite: Suite, time_zone: str) -> int:
    """Settles the headers of batches that are judged, not finished: those without lines, too."""
    unfinished = batches.unfinished(cursor, headers.name)
    if not unfinished:
        return 0
    which = sql.SQL("live._batch_id = any({}::bigint[])").format(sql.Literal(unfinished))
    return _settle(cursor, headers, suite, which, time_zone)


def _settle(
    cursor: Cursor, headers: DataSet, suite: Suite, which: sql.Composable, time_zone: str
) -> int:
    rules = [
        rule
        for rule in suite.rules
        if rule.rule_id == RULE_ID
        and rule.severity == "reject"
        and UNMATCHED in (rule.kwargs.get("value_set") or ())
    ]
    if not rules:
        return 0
    standing = sql.SQL(STANDING).format(which=which)
    cursor.execute(
        sql.SQL(
            "{standing} update reject.{table} as open"
            " set status = 'replayed', resolved_at = clock_timestamp() from settled"
            " where settled._is_rejected and settled.is_matched and open.status = 'open'"
            " and open._batch_id = settled._batch_id and open._row_number = settled._row_number"
            " returning open._batch_id"
        ).format(standing=standing, table=sql.Identifier(headers.name))
    )
    came_through = [batch for (batch,) in cursor.fetchall()]
    cursor.execute(_rejecting(headers, rules[0], standing))
    turned_down = [batch for (batch,) in cursor.fetchall()]
    _count_failed(cursor, rules[0], turned_down)
    changed = sorted({*came_through, *turned_down})
    if changed:
        batches.recount(cursor, headers, changed)
        _date(cursor, changed, time_zone)
    return len(came_through)


def _rejecting(headers: DataSet, rule: Rule, standing: sql.Composable) -> sql.Composable:
    columns = ["_batch_id", "_row_number", "_extra", "_loaded_at", *headers.column_names]
    return sql.SQL(
        "{standing} insert into reject.{table} as rejected ({names}, rule_ids, errors)"
        " select {columns}, array[{rule_id}], jsonb_build_array(jsonb_build_object('rule_id',"
        " {rule_id}, 'column', {column}, 'message', {message}))"
        " from raw.{table} as delivered inner join settled"
        " on delivered._batch_id = settled._batch_id"
        " and delivered._row_number = settled._row_number"
        " where not settled._is_rejected and not settled.is_matched"
        " on conflict (_batch_id, _row_number) do update set status = 'open',"
        " rule_ids = excluded.rule_ids, errors = excluded.errors,"
        " rejected_at = clock_timestamp(), resolved_at = null where rejected.status = 'replayed'"
        " returning rejected._batch_id"
    ).format(
        standing=standing,
        table=sql.Identifier(headers.name),
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        columns=sql.SQL(", ").join(sql.Identifier("delivered", name) for name in columns),
        rule_id=sql.Literal(rule.rule_id),
        column=sql.Literal(rule.column),
        message=sql.Literal(rule.message),
    )


def _count_failed(cursor: Cursor, rule: Rule, turned_down: list[int]) -> None:
    """In the results of this judgement of their batches, as if the rule had failed there."""
    cursor.execute(
        """
        with failed as (
            select batch_id, count(*) as rows_failed
            from unnest(%s::bigint[]) as batch_id
            group by batch_id
        ),
        latest as (
            select results.batch_id, max(results.validated_at) as validated_at
            from ops.validation_results as results
            inner join failed on results.batch_id = failed.batch_id
            inner join ops.load_batches as batches
                on results.batch_id = batches.batch_id and batches.validated_at is null
            group by results.batch_id
        )
        update ops.validation_results as results
        set rows_failed = results.rows_failed + failed.rows_failed
        from latest
        inner join failed on latest.batch_id = failed.batch_id
        where
            results.batch_id = latest.batch_id
            and results.validated_at = latest.validated_at
            and results.rule_id = %s
            and results.column_name = %s
        """,
        (turned_down, rule.rule_id, rule.column),
    )


def _date(cursor: Cursor, changed: list[int], time_zone: str) -> None:
    """First and last business date of what counts of the batches now."""
    cursor.execute(
        """
        with spans as (
            select
                counted as batch_id,
                min(dated.business_date) as first_date,
                max(dated.business_date) as last_date
            from unnest(%s::bigint[]) as counted
            left join lateral (
                select
                    ops.business_date(
                        live.transaction_date,
                        live._instant_transaction_date,
                        coalesce(store_zones.time_zone, %s)
                    ) as business_date
                from judge.live_store_sales_header as live
                left join judge.store_zones on live.store_id = store_zones.store_id
                where live._batch_id = counted and not live._is_rejected
            ) as dated on true
            group by counted
        )
        update ops.load_batches as batches
        set first_business_date = spans.first_date, last_business_date = spans.last_date
        from spans
        where batches.batch_id = spans.batch_id
        """,
        (changed, time_zone),
    )
