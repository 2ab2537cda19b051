{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- The posting that opened the lot, the first of two. A refund opens one of its own only where there
-- is no draw left to undo.
openings as (
    select * from {{ ref('points_postings') }}
    where
        (step = 3 and points > 0 and link = posting_number or step = 6)
        and {{ of_changed('customer_id') }}
),

seconds as (
    select
        customer_id,
        link,
        points
    from {{ ref('points_postings') }}
    where step = 3 and link < posting_number and points > 0 and {{ of_changed('customer_id') }}
),

-- A refund opens its lot with what its own return brought back; later refunds give back to it.
entries as (
    select
        ledger.lot_id,
        ledger.entry_type,
        ledger.points,
        ledger.repaid_points,
        ledger.entry_type = 'REFUND'
        and ledger.transaction_id = refunds.transaction_id as is_opening
    from {{ ref('points_ledger') }} as ledger
    left join openings as refunds on ledger.lot_id = refunds.lot_id and refunds.step = 6
    where
        ledger.lot_id is not null
        and (ledger.points < 0 or ledger.repaid_points > 0 or ledger.entry_type = 'REFUND')
        and {{ of_changed('ledger.customer_id') }}
),

-- What became of the points later; of a credit only what it repaid.
movements as (
    select
        lot_id,
        sum(points) filter (where is_opening) as opened_points,
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
    from entries
    group by lot_id
),

lots as (
    select
        openings.*,
        case
            when openings.step = 6 then movements.opened_points
            else openings.points + coalesce(seconds.points, 0)
        end as original_points,
        case
            when openings.step = 6 then movements.points
            else openings.points + coalesce(seconds.points, 0) + coalesce(movements.points, 0)
        end as remaining_points,
        movements.repaid_points,
        movements.redeemed_points,
        movements.reversed_points,
        movements.adjusted_points,
        coalesce(movements.refunded_points, 0) - coalesce(movements.opened_points, 0)
            as refunded_points,
        movements.expired_points
    from openings
    left join seconds
        on
            openings.customer_id = seconds.customer_id
            and openings.posting_number = seconds.link
            and openings.step = 3
    left join movements on openings.lot_id = movements.lot_id
    where openings.step = 3 or movements.opened_points is not null
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
