{{ config(
    materialized='by_batch', data_set='store_sales_line_items',
    tells=['transaction_id'],
    indexes=[{'columns': ['_batch_id'], 'type': 'brin'}, {'columns': ['transaction_id']}]
) }}
select
    line_item_id,
    transaction_id,
    product_id,
    promotion_id,
    quantity,
    line_item_amount,
    _batch_id,
    _row_number
from {{ ref('stg_store_sales_line_items') }}
