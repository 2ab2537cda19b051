-- What was sold under a promotion; whether it would have been sold without it is another question.
with

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
    from {{ ref('promoted_lines') }}
    group by promotion_id, business_date, store_id, product_category, product_id
)

select * from final
