with

{{ next_best(
    '(select business_date from ' ~ ref('as_of') ~ ')',
    ref('product_affinity'),
    ref('current_states')
) }},

products as (
    select
        product_id,
        product_name
    from {{ ref('products') }}
),

final as (
    select
        next_best.customer_id,
        next_best.suggestion_rank,
        next_best.product_id,
        coalesce(products.product_name, next_best.product_id) as product_name,
        next_best.because_of_product_id,
        coalesce(reasons.product_name, next_best.because_of_product_id)
            as because_of_product_name,
        cast(next_best.strength_ratio as numeric(18, 6)) as strength_ratio,
        cast(next_best.popularity_ratio as numeric(18, 6)) as popularity_ratio
    from next_best
    left join products on next_best.product_id = products.product_id
    left join products as reasons on next_best.because_of_product_id = reasons.product_id
)

select * from final
