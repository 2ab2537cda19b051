-- What amount of a sales line is usual: robust limits of the logarithm of the amounts, by category
-- and month, from the accepted sale lines of the three months before. They look back only, so that
-- the order in which files arrive does not matter.
{{ config(
    materialized='by_key', key='cast(month as text)', follows=['line_amounts'], tells=['month'],
    told_by=['product_category', 'median_log_amount', 'log_scale']
) }}
with

last_month as (
    select cast(date_trunc('month', max(business_date)) as date) as month from {{ ref('sales') }}
),

months_before as (
    select
        cast(line_amounts.month + make_interval(months => ahead.months) as date) as month,
        line_amounts.product_category,
        line_amounts.amount,
        line_amounts.line_count
    from {{ ref('line_amounts') }} as line_amounts
    cross join generate_series(1, 3) as ahead (months)
),

wanted as (
    select months_before.*
    from months_before
    inner join last_month on months_before.month <= last_month.month
    where {{ of_changed_keys('cast(months_before.month as text)') }}
),

-- The group of all categories stands in where a category has too few lines.
amounts_by_group as (
    select
        month,
        product_category,
        amount,
        sum(line_count) as line_count
    from wanted
    group by grouping sets ((month, product_category, amount), (month, amount))
),

grouped as (
    select
        month,
        product_category,
        array_agg(ln(cast(amount as double precision)) order by amount) as amounts,
        array_agg(cast(line_count as bigint) order by amount) as line_counts
    from amounts_by_group
    group by month, product_category
),

final as (
    select
        -- No product's category is empty: of all categories together.
        coalesce(grouped.product_category, '') as product_category,
        grouped.month,
        limits.row_count as line_count,
        limits.median as median_log_amount,
        limits.scale as log_scale,
        cast(exp(limits.median) as numeric(18, 4)) as usual_amount
    from grouped
    cross join lateral ops.robust_limits(grouped.amounts, grouped.line_counts) as limits
    where limits.row_count >= {{ var('outlier_min_lines') }}
)

select * from final
