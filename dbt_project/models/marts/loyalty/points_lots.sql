with

as_of as (
    select business_date from {{ ref('as_of') }}
),

movements as (
    select
        lot_id,
        sum(points) filter (
            where points > 0 and entry_type in ('OPENING', 'EARN', 'BONUS', 'ADJUST')
        ) as opened_points,
        sum(points) filter (
            where
            entry_type = 'REFUND'
            and lot_id = {{ content_hash(["'REFUND'", 'transaction_id']) }}
        ) as opened_by_refund_points,
        sum(repaid_points) as repaid_points,
        -sum(points) filter (where entry_type = 'REDEEM') as redeemed_points,
        -sum(points) filter (where entry_type = 'REVERSE') as reversed_points,
        -sum(points) filter (where entry_type = 'EXPIRE') as expired_points,
        -sum(points) filter (
            where points < 0 and entry_type in ('ADJUST', 'OPENING')
        ) as adjusted_points,
        sum(points) filter (where entry_type = 'REFUND') as refunded_points,
        sum(points) - sum(repaid_points) as remaining_points
    from {{ ref('points_ledger') }}
    where lot_id is not null
    group by lot_id
),

-- A refund opens a lot of its own only where there is no draw left to undo.
openings as (
    select
        lot_id,
        customer_id,
        min(entry_type) filter (where entry_type <> 'BONUS') as entry_type,
        min(transaction_id) as transaction_id,
        min(event_id) as event_id,
        min(store_id) as store_id,
        min(rule_id) as rule_id,
        min(rule_version) as rule_version,
        min(promotion_id) as promotion_id,
        min(business_date) as business_date,
        min(valid_through) as valid_through,
        min(released_on) as released_on,
        min(_data_set) as _data_set,
        min(_batch_id) as _batch_id,
        min(_row_number) as _row_number
    from {{ ref('points_postings') }}
    where step = 3 and points > 0 or step = 6
    group by lot_id, customer_id
),

final as (
    select
        openings.lot_id,
        openings.customer_id,
        coalesce(openings.entry_type, 'BONUS') as opened_by,
        openings.transaction_id,
        openings.event_id,
        openings.store_id,
        openings.rule_id,
        openings.rule_version,
        openings.promotion_id,
        openings.released_on > as_of.business_date as is_pending,
        cast(coalesce(movements.opened_points, movements.opened_by_refund_points) as bigint)
            as original_points,
        cast(movements.repaid_points as bigint) as repaid_points,
        cast(coalesce(movements.redeemed_points, 0) as bigint) as redeemed_points,
        cast(coalesce(movements.reversed_points, 0) as bigint) as reversed_points,
        cast(coalesce(movements.adjusted_points, 0) as bigint) as adjusted_points,
        cast(
            coalesce(movements.refunded_points, 0) - coalesce(movements.opened_by_refund_points, 0)
            as bigint
        ) as refunded_points,
        cast(coalesce(movements.expired_points, 0) as bigint) as expired_points,
        cast(movements.remaining_points as bigint) as remaining_points,
        openings.business_date,
        openings.released_on as available_from,
        openings.valid_through,
        openings._data_set,
        openings._batch_id,
        openings._row_number
    from openings
    inner join movements on openings.lot_id = movements.lot_id
    cross join as_of
)

select * from final
