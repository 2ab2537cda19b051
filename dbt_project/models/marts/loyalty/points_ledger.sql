-- Entries of the postings and of what working them off moved (points_movements).
{{ config(
    materialized='by_customer', tags=['accounts'],
    indexes=[
        {'columns': ['customer_id', 'business_date']}, {'columns': ['business_date', 'store_id']}
    ],
    changed_from='min(business_date)', changed_by=['customer_id'],
    tells=['business_date+store_id', 'customer_id', 'transaction_id'], since='business_date'
) }}
with

-- Few repay: of all movements, each posting of a customer would meet each.
repayments as (
    select
        customer_id,
        posting_number,
        entry_type,
        repaid_points
    from {{ ref('points_movements') }}
    where repaid_points <> 0 and {{ of_changed('customer_id') }}
),

-- A credit is an entry as it stands, but for what it repaid of a debt.
credits as (
    select
        postings.*,
        coalesce(repayments.repaid_points, 0) as repaid_points
    from {{ ref('points_postings') }} as postings
    left join repayments
        on
            postings.customer_id = repayments.customer_id
            and postings.posting_number = repayments.posting_number
            and postings.entry_type = repayments.entry_type
    where
        postings.step = 3
        and postings.points > 0
        and {{ of_changed_since('postings') }}
),

others as (
    select
        movements.customer_id,
        movements.entry_type,
        case
            when movements.entry_type <> 'EXPIRE' then postings.transaction_id
        end as transaction_id,
        case when movements.entry_type <> 'EXPIRE' then postings.event_id end as event_id,
        case when movements.entry_type <> 'EXPIRE' then postings.rule_id end as rule_id,
        case when movements.entry_type <> 'EXPIRE' then postings.rule_version end as rule_version,
        case when movements.entry_type <> 'EXPIRE' then postings.promotion_id end as promotion_id,
        -- One return may take back, and refund, several sales.
        case when postings.step in (4, 6) then postings.lot_id end as posted_lot_id,
        postings.store_id,
        lots.lot_id,
        movements.points,
        movements.repaid_points,
        movements.business_date,
        lots.valid_through,
        postings._data_set,
        postings._batch_id,
        postings._row_number
    from {{ ref('points_movements') }} as movements
    inner join {{ ref('points_postings') }} as postings
        on
            movements.customer_id = postings.customer_id
            and movements.posting_number = postings.posting_number
    left join {{ ref('points_postings') }} as lots
        on
            movements.customer_id = lots.customer_id
            and movements.lot_number = lots.posting_number
    where
        (movements.entry_type = 'EXPIRE' or postings.step > 3 or postings.points < 0)
        and {{ of_changed_since('movements') }}
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
