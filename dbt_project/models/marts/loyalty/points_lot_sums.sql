{{ config(
    materialized='by_sum', of='points_lots', follows=['points_lots'],
    key=['business_date', 'valid_through'], counted_by='lot_count'
) }}
with

final as (
    select
        business_date,
        valid_through,
        sum(sign) as lot_count,
        cast(sum(sign * original_points) as bigint) as original_points,
        cast(sum(sign * repaid_points) as bigint) as repaid_points
    from {{ summed_rows('points_lots') }} as lots
    group by business_date, valid_through
)

select * from final
