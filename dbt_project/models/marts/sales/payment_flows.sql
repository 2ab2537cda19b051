{{ config(
    materialized='by_key', key='business_date', key_type='date',
    follows=['sales', 'sale_lines', 'stores', 'as_of']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sales as (
    select
        sales.transaction_id,
        sales.store_id,
        coalesce(sales.payment_method, 'Not given') as payment_method
    from {{ ref('sales') }} as sales
    inner join as_of on sales.business_date <= as_of.business_date
    where not sales.is_return and {{ of_changed_days('sales.business_date') }}
),

stores as (
    select
        store_id,
        store_region
    from {{ ref('store_details') }}
),

lines as (
    select
        transaction_id,
        business_date,
        product_category,
        line_amount
    from {{ ref('sale_lines') }}
    where not is_return and {{ of_changed_days('business_date') }}
),

final as (
    select
        lines.business_date,
        stores.store_region,
        lines.product_category,
        sales.payment_method,
        cast(coalesce(sum(lines.line_amount), 0) as numeric(24, 4)) as gross_amount
    from lines
    inner join sales on lines.transaction_id = sales.transaction_id
    inner join stores on sales.store_id = stores.store_id
    group by
        lines.business_date,
        stores.store_region,
        lines.product_category,
        sales.payment_method
)

select * from final
