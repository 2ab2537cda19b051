-- The product typed or clicked; without one, the one with the most revenue of the category.
chosen as (
    select marts.product_performance.product_id
    from marts.product_performance
    where
        true
        [[and {{product}}]]
        [[and {{category}}]]
    order by marts.product_performance.revenue_rank, marts.product_performance.product_id
    limit 1
)
