-- Postings worked off one customer at a time: which lots they moved, and what expired between them
-- (docs/points.md, ops.fold_points).
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}],
    changed_from='min(business_date)', changed_by=['business_date']
) }}
with

-- Where nothing was taken and nothing has expired, there is nothing to work off.
accounts as (
    select
        postings.customer_id,
        as_of.business_date,
        array_agg(cast(postings.step as smallint) order by postings.posting_number) as steps,
        array_agg(postings.business_date order by postings.posting_number) as days,
        array_agg(postings.points order by postings.posting_number) as amounts,
        array_agg(postings.link order by postings.posting_number) as links,
        array_agg(postings.valid_through order by postings.posting_number) as valid_throughs,
        array_agg(postings.released_on order by postings.posting_number) as released_days
    from {{ ref('points_postings') }} as postings
    cross join {{ ref('as_of') }} as as_of
    where {{ of_changed('postings.customer_id') }}
    group by postings.customer_id, as_of.business_date
    having bool_or(postings.points < 0) or min(postings.valid_through) < as_of.business_date
),

-- Materialised, or every process of a parallel plan would work off all of them.
movements as materialized (
    select
        accounts.customer_id,
        moved.*
    from accounts
    cross join lateral ops.fold_points(
        accounts.steps,
        accounts.days,
        accounts.amounts,
        accounts.links,
        accounts.valid_throughs,
        accounts.released_days,
        accounts.business_date
    ) as moved
),

-- A credit is an entry as it stands, but for what it repaid of a debt.
credits as (
    select
        postings.*,
        coalesce(movements.repaid, 0) as repaid_points
    from {{ ref('points_postings') }} as postings
    left join movements
        on
            postings.customer_id = movements.customer_id
            and postings.posting_number = movements.posting
            and movements.repaid > 0
    where
        postings.step = 3
        and postings.points > 0
        and {{ of_changed('postings.customer_id') }}
),

others as (
    select
        postings.customer_id,
        case when moved.is_expiry then 'EXPIRE' else postings.entry_type end as entry_type,
        case when not moved.is_expiry then postings.transaction_id end as transaction_id,
        case when not moved.is_expiry then postings.event_id end as event_id,
        case when not moved.is_expiry then postings.rule_id end as rule_id,
        case when not moved.is_expiry then postings.rule_version end as rule_version,
        case when not moved.is_expiry then postings.promotion_id end as promotion_id,
        -- One return may take back, and refund, several sales.
        case when postings.step in (4, 6) then postings.lot_id end as posted_lot_id,
        postings.store_id,
        lots.lot_id,
        moved.points,
        moved.repaid as repaid_points,
        moved.day as business_date,
        lots.valid_through,
        postings._data_set,
        postings._batch_id,
        postings._row_number
    from movements as moved
    inner join {{ ref('points_postings') }} as postings
        on
            moved.customer_id = postings.customer_id
            and moved.posting = postings.posting_number
    left join {{ ref('points_postings') }} as lots
        on moved.customer_id = lots.customer_id and moved.lot = lots.posting_number
    where moved.is_expiry or postings.step > 3 or postings.points < 0
),

entries as (
    select
        customer_id,
        transaction_id,
        event_id,
        store_id,
        entry_type,
        rule_id,
        rule_version,
        promotion_id,
        lot_id,
        null as posted_lot_id,
        points,
        repaid_points,
        business_date,
        valid_through,
        _data_set,
        _batch_id,
        _row_number
    from credits
    union all
    select
        customer_id,
        transaction_id,
        event_id,
        store_id,
        entry_type,
        rule_id,
        rule_version,
        promotion_id,
        lot_id,
        posted_lot_id,
        points,
        repaid_points,
        business_date,
        valid_through,
        _data_set,
        _batch_id,
        _row_number
    from others
),

final as (
    select
        -- A credit or an expiry is told from all others by its lot and day, anything else by its
        -- lot and what moved it; that comes last, as its length is not known.
        md5(
            concat_ws(
                '|',
                entry_type,
                lot_id,
                business_date,
                posted_lot_id,
                case
                    when event_id is not null then 'event ' || event_id
                    when transaction_id is not null then 'sale ' || transaction_id
                    when lot_id is null then 'customer ' || customer_id
                end
            )
        ) as entry_id,
        customer_id,
        transaction_id,
        event_id,
        store_id,
        entry_type,
        rule_id,
        rule_version,
        promotion_id,
        lot_id,
        points,
        repaid_points,
        business_date,
        valid_through,
        _data_set,
        _batch_id,
        _row_number
    from entries
)

select * from final
