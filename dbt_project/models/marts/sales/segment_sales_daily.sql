-- Segment and tier are those of the customer on the as-of date, so that a stretch of time can be
-- followed for the customers who are in a segment now.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sales as (
    select
        sales.business_date,
        sales.store_id,
        sales.customer_id,
        sales.is_return,
        sales.total_amount
    from {{ ref('sales') }} as sales
    inner join as_of on sales.business_date <= as_of.business_date
),

customers as (
    select
        customer_id,
        segment_name,
        value_segment,
        tier
    from {{ ref('customer_details') }}
),

stores as (
    select
        store_id,
        store_region
    from {{ ref('store_details') }}
),

final as (
    select
        sales.business_date,
        stores.store_region,
        coalesce(customers.segment_name, 'Guest') as segment_name,
        coalesce(customers.value_segment, 'Guest') as value_segment,
        coalesce(customers.tier, 'Guest') as tier,
        count(*) filter (where not sales.is_return) as transaction_count,
        cast(coalesce(sum(sales.total_amount), 0) as numeric(24, 4)) as net_amount
    from sales
    inner join stores on sales.store_id = stores.store_id
    left join customers on sales.customer_id = customers.customer_id
    group by
        sales.business_date,
        stores.store_region,
        customers.segment_name,
        customers.value_segment,
        customers.tier
)

select * from final
