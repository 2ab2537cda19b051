-- What the customers of each cohort bought in each month.
{{ config(
    materialized='by_key', key='month_date', key_type='date',
    follows=['member_months', 'customer_habits']
) }}
with

final as (
    select
        months.month_date,
        cast(date_trunc('month', cast(habits.first_day as timestamp)) as date) as cohort_month,
        count(*) as buyer_count,
        cast(sum(months.net_amount) as numeric(24, 4)) as net_amount
    from {{ ref('member_months') }} as months
    inner join {{ ref('customer_habits') }} as habits on months.customer_id = habits.customer_id
    where {{ of_changed_days('months.month_date') }}
    group by months.month_date, cohort_month
)

select * from final
