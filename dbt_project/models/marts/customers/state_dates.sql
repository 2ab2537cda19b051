with

as_of as (
    select business_date from {{ ref('as_of') }}
),

first_sale as (
    select min(business_date) as business_date from {{ ref('sales') }}
),

month_ends as (
    select cast(months.month + interval '1 month' - interval '1 day' as date) as state_date
    from as_of
    cross join first_sale
    cross join
        lateral generate_series(
            date_trunc(
                'month',
                greatest(
                    first_sale.business_date,
                    as_of.business_date - {{ var('segment_history_months') }} * interval '1 month'
                )
            ),
            as_of.business_date,
            interval '1 month'
        ) as months (month)
),

final as (
    select
        month_ends.state_date,
        false as is_current
    from month_ends
    inner join as_of on month_ends.state_date < as_of.business_date
    union all
    select
        business_date as state_date,
        true as is_current
    from as_of
    where business_date is not null
)

select * from final
