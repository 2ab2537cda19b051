-- Amounts of a month that is over, counted: far fewer rows than lines. A late line makes one month
-- anew, not the three that are judged by it.
{{ config(
    materialized='by_key', key='month', key_type='date',
    follows=['sales', 'accepted_lines', 'products'], tells=['month']
) }}
with

sales as (
    select
        transaction_id,
        cast(date_trunc('month', business_date) as date) as month
    from {{ ref('sales') }}
    where
        not is_return
        and business_date < (
            select date_trunc('month', max(newest.business_date)) from {{ ref('sales') }} as newest
        )
        and {{ of_changed_keys('business_date', days_of_changed_months()) }}
),

products as (
    select
        product_id,
        product_category
    from {{ ref('products') }}
),

final as (
    select
        sales.month,
        coalesce(products.product_category, '{{ var("uncategorised") }}') as product_category,
        lines.line_item_amount as amount,
        count(*) as line_count
    from {{ ref('accepted_lines') }} as lines
    inner join sales on lines.transaction_id = sales.transaction_id
    left join products on lines.product_id = products.product_id
    where lines.line_item_amount > 0
    group by
        sales.month,
        coalesce(products.product_category, '{{ var("uncategorised") }}'),
        lines.line_item_amount
)

select * from final
