"""Merges of customers are acts of a steward: each that counts is told to the audit log, once."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812

DATA_SET = "customer_merges"
RECORD = """
with merges as (
    select
        accepted._batch_id,
        accepted._row_number,
        ops.read_id(accepted.customer_id) as customer_id,
        ops.read_id(accepted.merged_into) as merged_into,
        coalesce(ops.read_text(accepted.reason), 'none given') as reason
    from accepted.customer_merges as accepted
    where
        not exists (
            select from ops.audit_log as known
            where
                known.data_set = 'customer_merges'
                and known.action in ('merge', 'end merge')
                and known.batch_id = accepted._batch_id
                and known.row_number = accepted._row_number
        )
)

select ops.write_audit(
    case when merges.merged_into <> merges.customer_id then 'merge' else 'end merge' end,
    merges.reason,
    'customer_merges',
    merges._batch_id,
    merges._row_number,
    jsonb_build_object('customer_id', merges.customer_id, 'merged_into', merges.merged_into)
)
from (select * from merges order by merges._batch_id, merges._row_number) as merges
"""

# As clean.customer_merges, but for dates: the date of the run plays no part in acceptance.
KEPT = """
with recursive newest as (
    select distinct on (live.customer_id)
        live.customer_id,
        live.merged_into
    from judge.live_customer_merges as live
    where not live._is_rejected and live.customer_id is not null
    order by
        live.customer_id, live._version_at desc, live._batch_id desc, live._row_number desc
),

merges as (
    select * from newest
    where newest.merged_into <> newest.customer_id
),

steps as (
    select
        merges.customer_id,
        merges.merged_into,
        array[merges.customer_id, merges.merged_into] as path,
        false as is_circle
    from merges
    union all
    select
        steps.customer_id,
        merges.merged_into,
        steps.path || merges.merged_into,
        merges.merged_into = any(steps.path)
    from steps
    inner join merges on steps.merged_into = merges.customer_id
    where not steps.is_circle
),

ends as (
    select distinct on (steps.customer_id) steps.*
    from steps
    order by steps.customer_id, cardinality(steps.path) desc
)

insert into judge.kept_customers
select ends.customer_id, ends.merged_into from ends
where not ends.is_circle
"""


def write_kept(cursor: Cursor) -> None:
    """Whose each number is by the merges accepted so far."""
    cursor.execute("truncate judge.kept_customers")
    cursor.execute(KEPT)


def record_merges(cursor: Cursor) -> int:
    """Enters the accepted rows of `customer_merges` that are not in the log yet; how many."""
    cursor.execute(RECORD)
    return int(cursor.rowcount)
