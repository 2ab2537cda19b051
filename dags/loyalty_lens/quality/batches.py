"""What a judgement means for the batches: counts, business dates, and which are judged again."""

from collections import defaultdict
from collections.abc import Iterable

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet

# Judged again from scratch when the first accepted rows of a data set arrive: until then its keys
# were taken there as they came. Lines follow the fate of their headers.
REFERRING = {
    "stores": ("store_sales_header", "store_sales_line_items", "store_inventory"),
    "products": ("store_sales_line_items", "store_inventory"),
    "customer_details": (
        *("customer_merges", "store_sales_header", "store_sales_line_items", "points_events"),
    ),
    "store_sales_header": ("store_sales_line_items",),
}


def has_accepted(cursor: Cursor, data_set: str) -> bool:
    """Whether any row of the data set counts at present, by the counts of its batches."""
    cursor.execute(
        "select exists (select from ops.load_batches"
        " where data_set = %s and status = 'validated' and rows_accepted > 0)",
        (data_set,),
    )
    return cursor.fetchone() == (True,)


def put_back(cursor: Cursor, data_sets: Iterable[str]) -> int:
    """Says that all batches of these data sets are to be judged again; how many there are."""
    cursor.execute(
        "update ops.load_batches set status = 'loaded'"
        " where status = 'validated' and data_set = any(%s)",
        (list(data_sets),),
    )
    return int(cursor.rowcount)


def recount(cursor: Cursor, data_set: DataSet, batches: list[int]) -> None:
    """Accepted, rejected and duplicate rows of the batches, each counted from its own table.

    What is accepted is what the view accepted.<data set> says: all that lies in raw of the batch
    (which is what was read and not malformed) but what is rejected or repeated.
    """
    cursor.execute(
        sql.SQL(
            """
            with rejected as (
                select _batch_id, _row_number
                from {reject} where _batch_id = any(%(batches)s) and status <> 'replayed'
            ),
            repeated as (
                select _batch_id, _row_number
                from ops.duplicates where data_set = %(name)s and _batch_id = any(%(batches)s)
            ),
            -- Rejected and repeated at once is left out once.
            left_out_counts as (
                select left_out._batch_id, count(*) as rows_counted
                from (select * from rejected union select * from repeated) as left_out
                group by left_out._batch_id
            ),
            rejected_counts as (
                select _batch_id, count(*) as rows_counted from rejected group by _batch_id
            ),
            repeated_counts as (
                select _batch_id, count(*) as rows_counted from repeated group by _batch_id
            )
            update ops.load_batches as batches
            set
                rows_accepted = case
                    when batches.status = 'validated'
                    then batches.rows_read - batches.rows_malformed
                        - coalesce(left_out.rows_counted, 0)
                    else 0
                end,
                rows_rejected = coalesce(rejected.rows_counted, 0),
                rows_duplicate = coalesce(repeated.rows_counted, 0)
            from unnest(%(batches)s::bigint[]) as counted
            left join left_out_counts as left_out on counted = left_out._batch_id
            left join rejected_counts as rejected on counted = rejected._batch_id
            left join repeated_counts as repeated on counted = repeated._batch_id
            where batches.batch_id = counted
            """
        ).format(
            reject=sql.Identifier("reject", data_set.name),
        ),
        {"batches": batches, "name": data_set.name},
    )


def recount_flat_files(cursor: Cursor) -> None:
    """A flat file's records share the fate of the rows made one by one from them."""
    cursor.execute(
        """
        with made as (
            select distinct on (derived_from) *
            from ops.load_batches
            where derived_from is not null and status in ('validated', 'held')
            order by derived_from, batch_id desc
        )
        update ops.load_batches as flat
        set
            rows_accepted = made.rows_accepted,
            rows_rejected = made.rows_rejected,
            rows_duplicate = made.rows_duplicate
        from made
        where
            flat.batch_id = made.derived_from
            and flat.status = 'split'
            and made.rows_read = flat.rows_read - flat.rows_malformed
            and (flat.rows_accepted, flat.rows_rejected, flat.rows_duplicate)
            <> (made.rows_accepted, made.rows_rejected, made.rows_duplicate)
        """
    )


def date_batches(cursor: Cursor, data_set: DataSet, only: list[int] | None = None) -> None:
    """First and last business date of the accepted rows; replayed rows widen their batch's span.

    `only`: of these batches alone.
    """
    cursor.execute(
        "select exists (select from information_schema.columns where table_schema = 'judge'"
        " and table_name = %s and column_name = '_business_date')",
        (data_set.name,),
    )
    if cursor.fetchone() == (False,):
        return
    cursor.execute(
        sql.SQL(
            """
            with spans as (
                select
                    batches.batch_id,
                    bool_or(not judged._is_replay) as is_whole,
                    min(judged._business_date)
                        filter (where failures._batch_id is null) as first_date,
                    max(judged._business_date)
                        filter (where failures._batch_id is null) as last_date
                from {judged} as judged
                inner join ops.load_batches as batches on judged._batch_id = batches.batch_id
                left join (select distinct _batch_id, _row_number from judge.failures) as failures
                    on judged._batch_id = failures._batch_id
                    and judged._row_number = failures._row_number
                group by batches.batch_id
            )
            update ops.load_batches as batches
            set
                first_business_date = case
                    when spans.is_whole then spans.first_date
                    else least(batches.first_business_date, spans.first_date)
                end,
                last_business_date = case
                    when spans.is_whole then spans.last_date
                    else greatest(batches.last_business_date, spans.last_date)
                end
            from spans
            where
                batches.batch_id = spans.batch_id
                and ({only} is null or batches.batch_id = any({only}))
                -- Rows judged again that stay out are no news to the tables of this batch.
                and (
                    spans.is_whole
                    or spans.first_date < coalesce(batches.first_business_date, 'infinity')
                    or spans.last_date > coalesce(batches.last_business_date, '-infinity')
                )
            """
        ).format(
            judged=sql.Identifier("judge", data_set.name),
            only=sql.SQL("{}::bigint[]").format(sql.Literal(only)),
        )
    )


def mark_arrival(cursor: Cursor, business_date: object) -> dict[str, list[int]]:
    """Dates the arrival of batches that have none: the newest business date once all is judged.

    Returns the batches by data set.
    """
    cursor.execute(
        "update ops.load_batches set business_date = coalesce(%s::date, ops.newest_business_date())"
        " where status = 'validated' and business_date is null returning data_set, batch_id",
        (business_date,),
    )
    dated = defaultdict(list)
    for data_set, batch in cursor.fetchall():
        dated[data_set].append(batch)
    return dated


def unfinished(cursor: Cursor, data_set: str) -> list[int]:
    """Batches that were judged, but whose repeated versions are still to be found."""
    cursor.execute(
        "select batch_id from ops.load_batches where data_set = %s and status = 'validated'"
        " and validated_at is null order by batch_id",
        (data_set,),
    )
    return [batch for (batch,) in cursor.fetchall()]


def finish(cursor: Cursor) -> None:
    """The last word on every batch of this run."""
    cursor.execute(
        "update ops.load_batches set validated_at = clock_timestamp()"
        " where status = 'validated' and validated_at is null"
    )
