-- Scores are those of the models fitted last: of the run before, while there are none of this one.
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

scores as (
    select
        clv.customer_id,
        clv.expected_90_days_amount,
        clv.clv_amount,
        clv.business_date,
        churn.churn_risk,
        churn.churn_probability
    from {{ ref('customer_clv') }} as clv
    left join {{ ref('customer_churn') }} as churn on clv.customer_id = churn.customer_id
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
        scores.churn_risk,
        customers.is_at_risk,
        customers.is_at_risk_by_rhythm,
        customers.days_since_last_purchase,
        customers.total_loyalty_points,
        cast(coalesce(expiring.expiring_points, 0) as bigint) as expiring_points,
        expiring.expiring_date,
        customers.spend_to_next_tier_amount,
        customers.monetary,
        scores.churn_probability,
        scores.expected_90_days_amount,
        scores.clv_amount,
        scores.business_date as scored_date,
        customers.business_date
    from customers
    left join expiring on customers.customer_id = expiring.customer_id
    left join scores on customers.customer_id = scores.customer_id
    where customers.strategy is not null or expiring.customer_id is not null
)

select * from final
