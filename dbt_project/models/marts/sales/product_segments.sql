{{ config(
    materialized='by_sum', of='sale_lines', groups='customer_segments', found_through='sales',
    group_columns=['value_segment'], follows=['sale_lines', 'customer_segments', 'as_of'],
    key=['product_id', 'value_segment'], counted_by='line_count'
) }}
with

lines as (
    select
        product_id,
        coalesce(value_segment, 'Guest') as value_segment,
        quantity,
        line_amount,
        sign
    from {{ grouped_rows('sale_lines', 'customer_segments', ['value_segment']) }} as lines
    where product_id is not null
),

final as (
    select
        product_id,
        value_segment,
        cast(sum(sign) as bigint) as line_count,
        cast(coalesce(sum(sign * quantity), 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sum(sign * line_amount), 0) as numeric(24, 4)) as net_amount
    from lines
    group by product_id, value_segment
)

select * from final
