-- What was sold under a promotion; whether it would have been sold without it is another question.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

lines as (
    select
        sale_lines.promotion_id,
        sale_lines.business_date,
        sale_lines.store_id,
        sale_lines.product_category,
        sale_lines.product_id,
        sale_lines.transaction_id,
        sale_lines.customer_id,
        sale_lines.is_return,
        sale_lines.quantity,
        sale_lines.line_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    where sale_lines.promotion_id is not null and sale_lines.is_promotion_known
),

final as (
    select
        promotion_id,
        business_date,
        store_id,
        product_category,
        product_id,
        count(distinct transaction_id) filter (where not is_return) as transaction_count,
        count(distinct customer_id) filter (where not is_return) as customer_count,
        cast(coalesce(sum(quantity), 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sum(line_amount), 0) as numeric(24, 4)) as net_amount
    from lines
    group by promotion_id, business_date, store_id, product_category, product_id
)

select * from final
