-- A view: the days left are others each day, of all lots.
{{ config(materialized='view') }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

final as (
    select
        points_lots.lot_id,
        points_lots.customer_id,
        points_lots.opened_by,
        points_lots.remaining_points as expiring_points,
        cast(
            sum(points_lots.remaining_points) over (
                partition by points_lots.customer_id
                order by
                    points_lots.valid_through,
                    points_lots.business_date,
                    points_lots.lot_id collate "C"
            ) as bigint
        ) as expiring_to_date_points,
        points_lots.valid_through - as_of.business_date as days_left,
        points_lots.business_date as earned_date,
        points_lots.valid_through
    from {{ ref('points_lots') }} as points_lots
    cross join as_of
    where points_lots.remaining_points > 0
)

select * from final
