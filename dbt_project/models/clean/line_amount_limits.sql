-- What amount of a sales line is usual: robust limits of the logarithm of the amounts, by category
-- and month, from the accepted sale lines of the three months before. They look back only, so that
-- the order in which files arrive does not matter. Lines are counted by amount first: fewer rows.
{{ config(
    materialized='by_key', key='cast(month as text)',
    follows=['sales', 'accepted_lines', 'products'], tells=['month']
) }}
with

sales as (
    select
        transaction_id,
        cast(date_trunc('month', business_date) as date) as month
    from {{ ref('sales') }}
    where
        not is_return
        and {{ of_changed_keys(
            "cast(date_trunc('month', business_date) as date)",
            "select cast(cast(changed_keys.key as date) - make_interval(months => ahead.months) as date)"
            ~ " from changed_keys cross join generate_series(1, 3) as ahead (months)"
        ) }}
),

last_month as (
    select cast(date_trunc('month', max(business_date)) as date) as month from {{ ref('sales') }}
),

products as (
    select
        product_id,
        product_category
    from {{ ref('products') }}
),

line_amounts as materialized (
    select
        sales.month,
        coalesce(products.product_category, '{{ var("uncategorised") }}') as product_category,
        lines.line_item_amount as amount,
        count(*) as line_count
    from {{ ref('accepted_lines') }} as lines
    inner join sales on lines.transaction_id = sales.transaction_id
    left join products on lines.product_id = products.product_id
    where lines.line_item_amount > 0
    group by
        sales.month,
        coalesce(products.product_category, '{{ var("uncategorised") }}'),
        lines.line_item_amount
),

months_before as (
    select
        cast(line_amounts.month + make_interval(months => ahead.months) as date) as month,
        line_amounts.product_category,
        line_amounts.amount,
        line_amounts.line_count
    from line_amounts
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
