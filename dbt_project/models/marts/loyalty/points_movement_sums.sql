-- What a lot had when it opened is no movement (points_lot_sums), nor is a credit that repaid debt.
{{ config(
    materialized='by_sum', of='points_movements', follows=['points_movements'],
    key=['business_date', 'vintage_month'], counted_by='movement_count'
) }}
with

final as (
    select
        business_date,
        cast(date_trunc('month', lot_date) as date) as vintage_month,
        sum(sign) as movement_count,
        cast(
            coalesce(-sum(sign * points) filter (where entry_type = 'REVERSE'), 0) as bigint
        ) as reversed_points,
        cast(
            coalesce(
                -sum(sign * points) filter (where entry_type not in ('REVERSE', 'EXPIRE')), 0
            ) as bigint
        ) as used_points,
        cast(
            coalesce(-sum(sign * points) filter (where entry_type = 'EXPIRE'), 0) as bigint
        ) as expired_points
    from {{ summed_rows('points_movements') }} as movements
    where
        lot_number > 0
        and (points < 0 or (entry_type = 'REFUND' and posting_number <> lot_number))
    group by business_date, date_trunc('month', lot_date)
)

select * from final
