-- 0 <= remaining <= original, and what left a lot is what it was opened with less what remains.
{{ config(tags=['daily']) }}
select
    lot_id,
    customer_id,
    original_points,
    remaining_points
from {{ ref('points_lots') }}
where
    remaining_points < 0
    or remaining_points > original_points
    or remaining_points
    <> original_points
    + refunded_points
    - repaid_points
    - redeemed_points
    - reversed_points
    - adjusted_points
    - expired_points
    or valid_through < business_date
    or (remaining_points > 0 and valid_through < (select business_date from {{ ref('as_of') }}))
