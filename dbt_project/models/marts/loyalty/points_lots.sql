{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}],
    tells_rows=['original_points', 'repaid_points', 'business_date', 'valid_through']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- What became of the points later; of a credit only what it repaid. A refund opens a lot of its
-- own only where there is no draw left to undo; later refunds give back to it.
movements as (
    select
        customer_id,
        lot_number,
        sum(points) filter (
            where entry_type = 'REFUND' and posting_number = lot_number
        ) as opened_points,
        sum(repaid_points) as repaid_points,
        -sum(points) filter (where entry_type = 'REDEEM') as redeemed_points,
        -sum(points) filter (where entry_type = 'REVERSE') as reversed_points,
        -sum(points) filter (where entry_type = 'EXPIRE') as expired_points,
        -sum(points) filter (
            where points < 0 and entry_type in ('ADJUST', 'OPENING')
        ) as adjusted_points,
        sum(points) filter (where entry_type = 'REFUND') as refunded_points,
        sum(
            case when points < 0 or entry_type = 'REFUND' then points else 0 end - repaid_points
        ) as points
    from {{ ref('points_movements') }}
    where lot_number > 0 and {{ of_changed('customer_id') }}
    group by customer_id, lot_number
),

-- The second posting of a lot, found once: looked up, each lot would go through all of its
-- customer.
bonuses as (
    select
        customer_id,
        link,
        points
    from {{ ref('points_postings') }}
    where step = 3 and points > 0 and not opens_lot and {{ of_changed('customer_id') }}
),

lots as (
    select
        openings.*,
        case
            when openings.step = 6 then movements.opened_points
            else openings.points + coalesce(bonuses.points, 0)
        end as original_points,
        case
            when openings.step = 6 then movements.points
            else openings.points + coalesce(bonuses.points, 0) + coalesce(movements.points, 0)
        end as remaining_points,
        movements.repaid_points,
        movements.redeemed_points,
        movements.reversed_points,
        movements.adjusted_points,
        coalesce(movements.refunded_points, 0) - coalesce(movements.opened_points, 0)
            as refunded_points,
        movements.expired_points
    from {{ ref('points_postings') }} as openings
    left join bonuses
        on
            openings.customer_id = bonuses.customer_id
            and openings.posting_number = bonuses.link
    left join movements
        on
            openings.customer_id = movements.customer_id
            and openings.posting_number = movements.lot_number
    where
        openings.opens_lot
        and (openings.step = 3 or movements.opened_points is not null)
        and {{ of_changed('openings.customer_id') }}
),

final as (
    select
        lots.lot_id,
        lots.customer_id,
        lots.entry_type as opened_by,
        lots.transaction_id,
        lots.event_id,
        lots.store_id,
        lots.rule_id,
        lots.rule_version,
        lots.promotion_id,
        lots.released_on > as_of.business_date as is_pending,
        cast(lots.original_points as bigint) as original_points,
        cast(coalesce(lots.repaid_points, 0) as bigint) as repaid_points,
        cast(coalesce(lots.redeemed_points, 0) as bigint) as redeemed_points,
        cast(coalesce(lots.reversed_points, 0) as bigint) as reversed_points,
        cast(coalesce(lots.adjusted_points, 0) as bigint) as adjusted_points,
        cast(lots.refunded_points as bigint) as refunded_points,
        cast(coalesce(lots.expired_points, 0) as bigint) as expired_points,
        cast(lots.remaining_points as bigint) as remaining_points,
        lots.business_date,
        lots.released_on as available_from,
        lots.valid_through,
        lots._data_set,
        lots._batch_id,
        lots._row_number
    from lots
    cross join as_of
)

select * from final
