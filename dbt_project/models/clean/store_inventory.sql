{{ config(
    materialized='by_batch', data_set='store_inventory',
    tells=['inventory_date', 'inventory_date+product_id'],
    indexes=[{'columns': ['_batch_id'], 'type': 'brin'}, {'columns': ['inventory_date']}]
) }}
select
    inventory_date,
    store_id,
    product_id,
    stock_on_hand,
    _batch_id,
    _row_number
from {{ ref('stg_store_inventory') }}
