{{ config(
    materialized='by_sum', of='product_daily', follows=['product_daily'], key=['product_id'],
    counted_by='day_count', indexes=[{'columns': ['product_id']}]
) }}
with

final as (
    select
        product_id,
        sum(sign) as day_count,
        cast(sum(sign * unit_count) as numeric(24, 4)) as unit_count,
        cast(sum(sign * returned_unit_count) as numeric(24, 4)) as returned_unit_count,
        cast(sum(sign * net_amount) as numeric(24, 4)) as net_amount,
        cast(coalesce(sum(sign * store_out_of_stock_count), 0) as bigint)
            as out_of_stock_count,
        cast(coalesce(sum(sign * store_count), 0) as bigint) as stocked_count
    from {{ summed_rows('product_daily') }} as days
    where product_id is not null
    group by product_id
)

select * from final
