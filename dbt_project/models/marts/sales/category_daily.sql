{{ config(
    materialized='by_key', key='business_date', key_type='date', follows=['category_sales_daily'],
    indexes=[{'columns': ['business_date']}]
) }}
with

final as (
    select
        business_date,
        product_category,
        cast(sum(line_count) as bigint) as line_count,
        cast(sum(unit_count) as numeric(24, 4)) as unit_count,
        cast(sum(returned_amount) as numeric(24, 4)) as returned_amount,
        cast(sum(promoted_amount) as numeric(24, 4)) as promoted_amount,
        cast(sum(net_amount) as numeric(24, 4)) as net_amount
    from {{ ref('category_sales_daily') }}
    where {{ of_changed_days('business_date') }}
    group by business_date, product_category
)

select * from final
