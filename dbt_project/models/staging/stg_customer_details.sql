select
    ops.read_id(customer_id) as customer_id,
    ops.read_text(first_name) as first_name,
    ops.read_text(last_name) as last_name,
    ops.read_text(email) as email,
    ops.read_phone(customer_phone) as customer_phone,
    ops.read_text(street) as street,
    ops.read_id(post_code) as post_code,
    ops.read_text(city) as city,
    ops.read_text(state) as state,
    ops.read_text(country) as country,
    ops.read_text(gender) as gender,
    ops.read_text(marital_status) as marital_status,
    ops.read_text(occupation) as occupation,
    ops.read_text(loyalty_status) as loyalty_status,
    ops.read_text(segment_id) as segment_id,
    _extra as attributes,
    ops.read_boolean(marketing_consent) as has_marketing_consent,
    cast(ops.read_number(annual_income, _decimal_mark) as numeric(18, 4)) as annual_income,
    ops.read_integer(total_loyalty_points, _decimal_mark) as total_loyalty_points,
    ops.read_date(birth_date, _date_order) as birth_date,
    ops.read_date(last_purchase_date, _date_order) as last_purchase_date,
    ops.read_date(customer_since, _date_order) as customer_since,
    coalesce(
        ops.read_instant(modified_at, _date_order),
        ops.read_timestamp(modified_at, _date_order) at time zone 'UTC'
    ) as modified_at,
    {{
        version_at(
            'ops.read_instant(modified_at, _date_order)',
            'ops.read_timestamp(modified_at, _date_order)'
        )
    }} as version_at,
    _batch_id,
    _row_number,
    _file_date,
    _arrival_date
from {{ source('accepted', 'customer_details') }}
