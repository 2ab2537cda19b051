-- Every store: all together, which has a series of its own. Else the chosen store; of several the one
-- with the most revenue.
chosen as (
    select
        case
            when count(*) = (select count(*) from marts.store_performance) then ''
            else (
                array_agg(
                    performance.store_id
                    order by performance.revenue_rank, performance.store_id
                )
            )[1]
        end as store_id
    from marts.store_details
    inner join marts.store_performance as performance
        on marts.store_details.store_id = performance.store_id
    where
        true
        [[and {{store}}]]
        [[and {{region}}]]
)
