{{ config(
    materialized='by_key', key='business_date+store_id',
    follows=['sale_lines', 'as_of'], tells=['business_date'],
    indexes=[{'columns': ['business_date']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

lines as (
    select
        sale_lines.business_date,
        sale_lines.store_id,
        sale_lines.product_category,
        sale_lines.is_return,
        sale_lines.promotion_id is not null and sale_lines.is_promotion_known as is_promoted,
        sale_lines.quantity,
        sale_lines.line_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    where {{ of_changed_pairs('sale_lines.business_date', 'sale_lines.store_id') }}
),

final as (
    select
        business_date,
        store_id,
        product_category,
        count(*) filter (where not is_return) as line_count,
        cast(coalesce(sum(quantity), 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(-sum(line_amount) filter (where is_return), 0) as numeric(24, 4))
            as returned_amount,
        cast(coalesce(sum(line_amount) filter (where is_promoted), 0) as numeric(24, 4))
            as promoted_amount,
        cast(coalesce(sum(line_amount), 0) as numeric(24, 4)) as net_amount
    from lines
    group by business_date, store_id, product_category
)

select * from final
