-- Segment and tier are those of the customer on the as-of date, so that a stretch of time can be
-- followed for the customers who are in a segment now.
{{ config(
    materialized='by_sum', of='sales', groups='customer_segments',
    group_columns=['segment_name', 'value_segment', 'tier'],
    follows=['sales', 'customer_segments', 'as_of'], remade_by=['store_details'],
    key=['business_date', 'store_region', 'segment_name', 'value_segment', 'tier'],
    counted_by='record_count'
) }}
with

sales as (
    select
        business_date,
        store_id,
        is_return,
        total_amount,
        coalesce(segment_name, 'Guest') as segment_name,
        coalesce(value_segment, 'Guest') as value_segment,
        coalesce(tier, 'Guest') as tier,
        sign
    from {{ grouped_rows(
        'sales', 'customer_segments', ['segment_name', 'value_segment', 'tier']
    ) }} as sales
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
        sales.segment_name,
        sales.value_segment,
        sales.tier,
        cast(sum(sales.sign) as bigint) as record_count,
        cast(coalesce(sum(sales.sign) filter (where not sales.is_return), 0) as bigint)
            as transaction_count,
        cast(coalesce(sum(sales.sign * sales.total_amount), 0) as numeric(24, 4)) as net_amount
    from sales
    inner join stores on sales.store_id = stores.store_id
    group by
        sales.business_date,
        stores.store_region,
        sales.segment_name,
        sales.value_segment,
        sales.tier
)

select * from final
