-- What the verdicts are reckoned from. A return lowers the day of its sale, not its own.
{{ config(
    materialized='by_key', key='business_date+store_id',
    follows=[
        'sale_lines', 'returned_lines', 'points_earnings', 'promotion_earnings', 'products', 'as_of'
    ]
) }}
with

lines as (
    {{ lines_with_values(of_changed_pairs) }}
),

by_category as (
    select
        business_date,
        store_id,
        product_category,
        sum(quantity) as unit_count,
        sum(line_amount) as net_amount,
        coalesce(sum(line_amount) filter (where promotion_id is not null), 0) as coded_amount,
        coalesce(sum(cost_amount), 0) as cost_amount,
        coalesce(sum(costed_amount), 0) as costed_amount,
        sum(point_count) as point_count
    from lines
    where is_merchandise
    group by business_date, store_id, product_category
),

-- A category of that name would be taken for all of them.
with_all as (
    select * from by_category
    where upper(product_category) <> 'ALL'
    union all
    select
        business_date,
        store_id,
        'ALL' as product_category,
        sum(unit_count) as unit_count,
        sum(net_amount) as net_amount,
        sum(coded_amount) as coded_amount,
        sum(cost_amount) as cost_amount,
        sum(costed_amount) as costed_amount,
        sum(point_count) as point_count
    from by_category
    group by business_date, store_id
),

final as (
    select
        business_date,
        store_id,
        product_category,
        cast(unit_count as numeric(24, 4)) as unit_count,
        cast(net_amount as numeric(24, 4)) as net_amount,
        cast(coded_amount as numeric(24, 4)) as coded_amount,
        cast(cost_amount as numeric(24, 4)) as cost_amount,
        cast(costed_amount as numeric(24, 4)) as costed_amount,
        cast(point_count as numeric(24, 6)) as point_count
    from with_all
)

select * from final
