-- Future months are absent, never 0; the month that is not over is flagged.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sizes as (
    select
        cast(date_trunc('month', first_day) as date) as cohort_month,
        count(*) as cohort_size
    from {{ ref('customer_habits') }}
    group by cohort_month
),

cells as (
    select
        sizes.cohort_month,
        sizes.cohort_size,
        cast(month.month_date as date) as month_date
    from sizes
    cross join as_of
    cross join
        lateral generate_series(
            sizes.cohort_month, as_of.business_date, interval '1 month'
        ) as month (month_date)
),

final as (
    select
        cells.cohort_month,
        cells.month_date,
        cast(
            12 * (extract(year from cells.month_date) - extract(year from cells.cohort_month))
            + extract(month from cells.month_date) - extract(month from cells.cohort_month)
            as integer
        ) as month_number,
        as_of.business_date < cells.month_date + interval '1 month' - interval '1 day'
            as is_in_running_month,
        cells.cohort_size,
        coalesce(bought.buyer_count, 0) as buyer_count,
        cast(coalesce(bought.buyer_count, 0) / cast(cells.cohort_size as numeric) as numeric(18, 6))
            as retention_ratio,
        cast(coalesce(bought.net_amount, 0) as numeric(24, 4)) as net_amount
    from cells
    cross join as_of
    left join {{ ref('cohort_months') }} as bought
        on
            cells.cohort_month = bought.cohort_month
            and cells.month_date = bought.month_date
)

select * from final
