select
    ops.read_id(store_id) as store_id,
    ops.read_text(store_name) as store_name,
    ops.read_text(store_city) as store_city,
    ops.read_text(store_region) as store_region,
    ops.read_text(country) as country,
    ops.read_text(time_zone) as time_zone,
    ops.read_date(opening_date, _date_order) as opening_date,
    {{ version_at() }} as version_at,
    _batch_id,
    _row_number
from {{ source('accepted', 'stores') }}
