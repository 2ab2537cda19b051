select
    ops.read_id(line_item_id) as line_item_id,
    ops.read_id(transaction_id) as transaction_id,
    ops.read_id(product_id) as product_id,
    ops.read_id(promotion_id) as promotion_id,
    cast(ops.read_number(quantity, _decimal_mark) as numeric(18, 4)) as quantity,
    cast(ops.read_number(line_item_amount, _decimal_mark) as numeric(18, 4)) as line_item_amount,
    _batch_id,
    _row_number
from {{ source('accepted', 'store_sales_line_items') }}
