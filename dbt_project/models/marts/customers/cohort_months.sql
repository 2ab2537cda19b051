-- What the customers of each cohort bought in each month.
{{ config(
    materialized='by_key', key='month_date', key_type='date',
    follows=['member_days', 'customer_habits']
) }}
with

days as (
    select
        customer_id,
        cast(date_trunc('month', business_date) as date) as month_date,
        net_amount
    from {{ ref('member_days') }}
    where {{ of_changed_keys('business_date', days_of_changed_months()) }}
),

final as (
    select
        days.month_date,
        cast(date_trunc('month', habits.first_day) as date) as cohort_month,
        count(distinct days.customer_id) as buyer_count,
        cast(sum(days.net_amount) as numeric(24, 4)) as net_amount
    from days
    inner join {{ ref('customer_habits') }} as habits on days.customer_id = habits.customer_id
    group by days.month_date, cohort_month
)

select * from final
