-- What a list or a customer's page needs, in ranges where it is about the person.
with

customers as (
    select * from {{ ref('customer_details') }}
),

expiries as (
    select
        customer_id,
        next_expiry_points,
        next_expiry_date
    from {{ ref('points_balances') }}
),

since as (
    select
        customer_id,
        max(valid_from) filter (where scheme = 'value_engagement') as segment_since,
        max(valid_from) filter (where scheme = 'loyalty') as loyalty_segment_since
    from {{ ref('segment_history') }}
    where is_current
    group by customer_id
),

aged as (
    select
        customer_id,
        cast(extract(year from age(business_date, birth_date)) as integer) as years
    from customers
),

final as (
    select
        customers.customer_id,
        habits.home_store_id,
        customers.segment_name,
        customers.value_segment,
        customers.rfm_segment,
        customers.tier,
        customers.next_tier,
        coalesce(customers.state, customers.country, 'Not given') as home_region,
        case
            when aged.years is null or aged.years < 0 then 'Not given'
            when aged.years < 18 then 'under 18'
            when aged.years < 25 then '18–24'
            when aged.years < 35 then '25–34'
            when aged.years < 45 then '35–44'
            when aged.years < 55 then '45–54'
            when aged.years < 65 then '55–64'
            else '65 and over'
        end as age_band,
        case
            when customers.annual_income is null then 'Not given'
            when customers.annual_income < 20000 then 'under 20k'
            when customers.annual_income < 40000 then '20k–40k'
            when customers.annual_income < 60000 then '40k–60k'
            when customers.annual_income < 100000 then '60k–100k'
            else '100k and over'
        end as income_band,
        case customers.marketing_consent
            when true then 'Yes'
            when false then 'No'
            else 'Unknown'
        end as consent,
        customers.is_high_spender,
        customers.is_at_risk,
        customers.frequency,
        customers.recency_days,
        customers.monetary,
        customers.tier_spend_amount,
        customers.spend_to_next_tier_amount,
        customers.total_loyalty_points,
        coalesce(expiries.next_expiry_points, 0) as next_expiry_points,
        expiries.next_expiry_date - customers.business_date as days_to_expiry,
        expiries.next_expiry_date,
        since.segment_since,
        since.loyalty_segment_since,
        cast(date_trunc('quarter', customers.customer_since) as date) as member_since_quarter,
        customers.last_purchase_date,
        customers.business_date
    from customers
    left join {{ ref('customer_habits') }} as habits
        on customers.customer_id = habits.customer_id
    left join expiries on customers.customer_id = expiries.customer_id
    left join since on customers.customer_id = since.customer_id
    left join aged on customers.customer_id = aged.customer_id
)

-- Lists are read from the top: in this order an index gives them without a sort.
select * from final
order by monetary desc, customer_id asc
