select
    ops.read_id(promotion_id) as promotion_id,
    ops.read_text(promotion_name) as promotion_name,
    ops.read_text(applicable_category) as applicable_category,
    ops.read_text(channel) as channel,
    ops.read_text(offer_type) as offer_type,
    -- A file that writes 10 for ten per cent is told by its batch, not by the single value.
    round(
        ops.read_number(discount_percentage, _decimal_mark)
        / case when _is_discount_in_percent then 100 else 1 end,
        6
    ) as discount_ratio,
    cast(ops.read_number(cost, _decimal_mark) as numeric(18, 4)) as cost_amount,
    ops.read_number(points_multiplier, _decimal_mark) as points_multiplier,
    ops.read_integer(bonus_points, _decimal_mark) as bonus_points,
    ops.read_date(start_date, _date_order) as start_date,
    ops.read_date(end_date, _date_order) as end_date,
    {{ version_at() }} as version_at,
    _batch_id,
    _row_number
from {{ source('accepted', 'promotion_details') }}
