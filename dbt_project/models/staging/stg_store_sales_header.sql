select
    ops.read_id(transaction_id) as transaction_id,
    ops.read_id(customer_id) as customer_id,
    ops.read_id(store_id) as store_id,
    ops.read_id(original_transaction_id) as original_transaction_id,
    ops.read_phone(customer_phone) as customer_phone,
    upper(ops.read_text(transaction_type)) as transaction_type,
    ops.read_text(payment_method) as payment_method,
    upper(ops.read_text(currency)) as currency,
    cast(ops.read_number(total_amount, _decimal_mark) as numeric(18, 4)) as total_amount,
    ops.read_integer(points_redeemed, _decimal_mark) as points_redeemed,
    ops.read_timestamp(transaction_date, _date_order) as sold_at_written,
    ops.read_instant(transaction_date, _date_order) as sold_at_instant,
    _batch_id,
    _row_number
from {{ source('accepted', 'store_sales_header') }}
