-- The chosen store; without a choice, the one with the most revenue of the region.
chosen as (
    select marts.store_details.store_id
    from marts.store_details
    inner join marts.store_performance as performance
        on marts.store_details.store_id = performance.store_id
    where
        true
        [[and {{store}}]]
        [[and {{region}}]]
    order by performance.revenue_rank, marts.store_details.store_id
    limit 1
)
