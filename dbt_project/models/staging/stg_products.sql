select
    ops.read_id(product_id) as product_id,
    ops.read_text(product_name) as product_name,
    ops.read_text(product_category) as product_category,
    ops.read_text(brand) as brand,
    _extra as attributes,
    ops.read_boolean(is_merchandise) as is_merchandise,
    cast(ops.read_number(unit_price, _decimal_mark) as numeric(18, 4)) as unit_price,
    cast(ops.read_number(unit_cost, _decimal_mark) as numeric(18, 4)) as unit_cost,
    ops.read_integer(current_stock_level, _decimal_mark) as current_stock_level,
    {{ version_at() }} as version_at,
    _batch_id,
    _row_number
from {{ source('accepted', 'products') }}
