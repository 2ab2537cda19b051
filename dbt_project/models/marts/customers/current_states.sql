-- The business date as customer_rfm has it: other rows each day, so a table of its own.
with

measured as (
    select
        customer_rfm.business_date as state_date,
        customer_rfm.customer_id,
        customer_rfm.recency_days,
        customer_rfm.frequency,
        customer_rfm.monetary,
        coalesce(points_balances.available_points, 0) as available_points
    from {{ ref('customer_rfm') }} as customer_rfm
    left join {{ ref('points_balances') }} as points_balances
        on customer_rfm.customer_id = points_balances.customer_id
),

{{ placed_states() }}

select * from final
