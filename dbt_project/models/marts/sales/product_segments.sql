with

as_of as (
    select business_date from {{ ref('as_of') }}
),

lines as (
    select
        sale_lines.product_id,
        sale_lines.customer_id,
        sale_lines.quantity,
        sale_lines.line_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
),

customers as (
    select
        customer_id,
        value_segment
    from {{ ref('customer_details') }}
),

final as (
    select
        lines.product_id,
        coalesce(customers.value_segment, 'Guest') as value_segment,
        cast(coalesce(sum(lines.quantity), 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sum(lines.line_amount), 0) as numeric(24, 4)) as net_amount
    from lines
    left join customers on lines.customer_id = customers.customer_id
    group by lines.product_id, customers.value_segment
)

select * from final
