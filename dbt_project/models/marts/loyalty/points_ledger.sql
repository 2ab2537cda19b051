-- Postings worked off one customer at a time: which lots they moved, and what expired between them
-- (docs/points.md, ops.fold_points).
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

postings as (
    select * from {{ ref('points_postings') }}
),

accounts as (
    select
        customer_id,
        array_agg(cast(step as smallint) order by posting_number) as steps,
        array_agg(business_date order by posting_number) as days,
        array_agg(points order by posting_number) as amounts,
        array_agg(link order by posting_number) as links,
        array_agg(valid_through order by posting_number) as valid_throughs,
        array_agg(released_on order by posting_number) as released_days
    from postings
    group by customer_id
),

movements as (
    select
        accounts.customer_id,
        moved.*
    from accounts
    cross join as_of
    cross join lateral ops.fold_points(
        accounts.steps,
        accounts.days,
        accounts.amounts,
        accounts.links,
        accounts.valid_throughs,
        accounts.released_days,
        as_of.business_date
    ) as moved
),

-- A refund can undo two draws from one lot, and send both into the same day's expiry.
movements_summed as (
    select
        customer_id,
        posting,
        lot,
        is_expiry,
        day,
        sum(points) as points,
        sum(repaid) as repaid
    from movements
    group by customer_id, posting, lot, is_expiry, day
),

final as (
    select
        {{ content_hash([
            "case when moved.is_expiry then 'EXPIRE' else postings.entry_type end",
            'moved.customer_id',
            'case when not moved.is_expiry then postings.transaction_id end',
            'case when not moved.is_expiry then postings.event_id end',
            'postings.rule_id', 'postings.rule_version', 'postings.promotion_id',
            "case when postings.entry_type = 'REVERSE' then postings.lot_id end",
            'lots.lot_id', 'moved.day',
        ]) }} as entry_id,
        moved.customer_id,
        case when not moved.is_expiry then postings.transaction_id end as transaction_id,
        case when not moved.is_expiry then postings.event_id end as event_id,
        postings.store_id,
        case when moved.is_expiry then 'EXPIRE' else postings.entry_type end as entry_type,
        case when not moved.is_expiry then postings.rule_id end as rule_id,
        case when not moved.is_expiry then postings.rule_version end as rule_version,
        case when not moved.is_expiry then postings.promotion_id end as promotion_id,
        lots.lot_id,
        cast(moved.points as bigint) as points,
        cast(moved.repaid as bigint) as repaid_points,
        moved.day as business_date,
        lots.valid_through,
        postings._data_set,
        postings._batch_id,
        postings._row_number
    from movements_summed as moved
    inner join postings
        on
            moved.customer_id = postings.customer_id
            and moved.posting = postings.posting_number
    left join postings as lots
        on moved.customer_id = lots.customer_id and moved.lot = lots.posting_number
)

select * from final
