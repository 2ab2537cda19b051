{{ config(tells=['promotion_id'], told_by=['discount_ratio']) }}
select
    promotion_id,
    promotion_name,
    applicable_category,
    channel,
    offer_type,
    discount_ratio,
    cost_amount,
    points_multiplier,
    bonus_points,
    start_date,
    end_date,
    _batch_id,
    _row_number
from {{ ref('promotion_versions') }}
where is_current
