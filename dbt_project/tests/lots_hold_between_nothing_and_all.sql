-- 0 <= remaining <= original, and what left a lot is what it was opened with less what remains.
{{ config(tags=['daily']) }}
select
    points_lots.lot_id,
    points_lots.customer_id,
    points_lots.original_points,
    points_lots.remaining_points
from {{ ref('points_lots') }} as points_lots
cross join {{ ref('as_of') }} as as_of
where
    points_lots.remaining_points < 0
    or points_lots.remaining_points > points_lots.original_points
    or points_lots.remaining_points
    <> points_lots.original_points
    + points_lots.refunded_points
    - points_lots.repaid_points
    - points_lots.redeemed_points
    - points_lots.reversed_points
    - points_lots.adjusted_points
    - points_lots.expired_points
    or points_lots.valid_through < points_lots.business_date
    or (points_lots.remaining_points > 0 and points_lots.valid_through < as_of.business_date)
