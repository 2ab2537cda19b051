select
    ops.read_id(event_id) as event_id,
    ops.read_id(customer_id) as customer_id,
    ops.read_id(transaction_id) as transaction_id,
    upper(ops.read_text(event_type)) as event_type,
    ops.read_text(reason) as reason,
    ops.read_integer(points, _decimal_mark) as points,
    ops.read_timestamp(event_at, _date_order) as event_at_written,
    ops.read_instant(event_at, _date_order) as event_at_instant,
    _batch_id,
    _row_number
from {{ source('accepted', 'points_events') }}
