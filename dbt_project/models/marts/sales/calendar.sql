-- Points may expire on a day without sales: every day is there, from the first sale on.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

first_sale as (
    select min(business_date) as business_date from {{ ref('sales') }}
),

days as (
    select
        cast(days.day as date) as business_date,
        as_of.business_date as last_date
    from as_of
    cross join first_sale
    cross join
        lateral generate_series(
            first_sale.business_date, as_of.business_date, interval '1 day'
        ) as days (day)
),

final as (
    select
        business_date,
        cast(date_trunc('week', business_date) as date) as week_date,
        cast(date_trunc('month', business_date) as date) as month_date,
        cast(extract(isodow from business_date) as integer) as weekday,
        business_date > last_date - 30 as is_recent,
        last_date < date_trunc('month', business_date) + interval '1 month' - interval '1 day'
            as is_in_running_month
    from days
)

select * from final
