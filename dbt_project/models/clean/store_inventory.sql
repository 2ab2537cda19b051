select
    inventory_date,
    store_id,
    product_id,
    stock_on_hand,
    _batch_id,
    _row_number
from {{ ref('stg_store_inventory') }}
