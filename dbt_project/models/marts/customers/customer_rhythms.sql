-- Whoever buys every week is late after a month, whoever buys twice a year is not: each customer is
-- held against the gaps between their own days of purchase.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

dated as (
    select
        habits.customer_id,
        habits.purchase_day_count,
        habits.usual_gap_days,
        habits.long_gap_days,
        as_of.business_date,
        as_of.business_date - greatest(
            habits.last_day,
            case
                when customers.last_purchase_date <= as_of.business_date
                    then customers.last_purchase_date
            end
        ) as days_since_last_purchase
    from {{ ref('customer_habits') }} as habits
    cross join as_of
    inner join {{ ref('customers') }} as customers on habits.customer_id = customers.customer_id
    -- Gaps are one fewer than days.
    where habits.purchase_day_count > {{ var('rhythm_min_gaps') }}
),

final as (
    select
        customer_id,
        days_since_last_purchase > long_gap_days as is_at_risk_by_rhythm,
        purchase_day_count,
        usual_gap_days,
        long_gap_days,
        days_since_last_purchase,
        business_date
    from dated
)

select * from final
