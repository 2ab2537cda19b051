select
    ops.read_id(store_id) as store_id,
    ops.read_id(product_id) as product_id,
    cast(ops.read_number(stock_on_hand, _decimal_mark) as numeric(18, 4)) as stock_on_hand,
    ops.read_date(inventory_date, _date_order) as inventory_date,
    _batch_id,
    _row_number
from {{ source('accepted', 'store_inventory') }}
