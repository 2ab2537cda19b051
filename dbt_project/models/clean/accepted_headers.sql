{{ config(
    materialized='by_batch', data_set='store_sales_header',
    tells=['transaction_id'],
    indexes=[{'columns': ['_batch_id'], 'type': 'brin'}, {'columns': ['transaction_id']}]
) }}
select
    transaction_id,
    customer_id,
    store_id,
    original_transaction_id,
    customer_phone,
    transaction_type,
    payment_method,
    currency,
    total_amount,
    points_redeemed,
    sold_at_written,
    sold_at_instant,
    _batch_id,
    _row_number
from {{ ref('stg_store_sales_header') }}
