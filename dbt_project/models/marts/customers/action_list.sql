with

customers as (
    select * from {{ ref('customer_details') }}
),

expiring as (
    select
        customer_id,
        sum(expiring_points) as expiring_points,
        min(valid_through) as expiring_date
    from {{ ref('points_expiring') }}
    where days_left between 0 and {{ var('expiring_soon_days') }}
    group by customer_id
),

final as (
    select
        customers.customer_id,
        customers.value_segment,
        customers.segment_name,
        customers.rfm_segment,
        customers.strategy,
        customers.action,
        customers.tier,
        customers.next_tier,
        customers.is_at_risk,
        customers.is_at_risk_by_rhythm,
        customers.days_since_last_purchase,
        customers.total_loyalty_points,
        cast(coalesce(expiring.expiring_points, 0) as bigint) as expiring_points,
        expiring.expiring_date,
        customers.spend_to_next_tier_amount,
        customers.monetary,
        customers.business_date
    from customers
    left join expiring on customers.customer_id = expiring.customer_id
    where customers.strategy is not null or expiring.customer_id is not null
)

select * from final
