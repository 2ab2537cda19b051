with

as_of as (
    select business_date from {{ ref('as_of') }}
),

lines as (
    select
        sale_lines.product_id,
        sale_lines.customer_id,
        sum(sale_lines.quantity) as unit_count,
        sum(sale_lines.line_amount) as net_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    group by sale_lines.product_id, sale_lines.customer_id
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
        count(lines.customer_id) as customer_count,
        cast(sum(lines.unit_count) as numeric(24, 4)) as unit_count,
        cast(sum(lines.net_amount) as numeric(24, 4)) as net_amount
    from lines
    left join customers on lines.customer_id = customers.customer_id
    group by lines.product_id, customers.value_segment
)

select * from final
