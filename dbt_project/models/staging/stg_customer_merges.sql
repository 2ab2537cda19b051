select
    ops.read_id(customer_id) as customer_id,
    ops.read_id(merged_into) as merged_into,
    ops.read_text(reason) as reason,
    {{ version_at() }} as version_at,
    _batch_id,
    _row_number,
    _file_date,
    _arrival_date
from {{ source('accepted', 'customer_merges') }}
