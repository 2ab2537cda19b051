-- Whoever buys every week is late after a month, whoever buys twice a year is not: each customer is
-- held against the gaps between their own days of purchase.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

days as (
    select distinct
        customer_id,
        business_date
    from {{ ref('member_days') }}
),

gaps as (
    select
        customer_id,
        business_date,
        business_date - lag(business_date) over (
            partition by customer_id order by business_date
        ) as gap_days
    from days
),

-- The percentile is a double; rounded, it can be held against whole days.
measured as (
    select
        customer_id,
        count(*) as purchase_day_count,
        {{ median('gap_days') }} as usual_gap_days,
        round(cast(percentile_cont(0.9) within group (order by gap_days) as numeric), 6)
            as long_gap_days,
        max(business_date) as last_day
    from gaps
    group by customer_id
    having count(gap_days) >= {{ var('rhythm_min_gaps') }}
),

dated as (
    select
        measured.*,
        as_of.business_date,
        as_of.business_date - greatest(
            measured.last_day,
            case
                when customers.last_purchase_date <= as_of.business_date
                    then customers.last_purchase_date
            end
        ) as days_since_last_purchase
    from measured
    cross join as_of
    inner join {{ ref('customers') }} as customers on measured.customer_id = customers.customer_id
),

final as (
    select
        customer_id,
        days_since_last_purchase > long_gap_days as is_at_risk_by_rhythm,
        purchase_day_count,
        cast(usual_gap_days as numeric(24, 6)) as usual_gap_days,
        cast(long_gap_days as numeric(24, 6)) as long_gap_days,
        days_since_last_purchase,
        business_date
    from dated
)

select * from final
