-- Number 0: all baskets, which is in each.
{{ config(
    materialized='by_sum', of='baskets', follows=['baskets'], key=['product_number'],
    counted_by='basket_count', indexes=[{'columns': ['product_number']}]
) }}
with

numbers as (
    select
        unnest(array_append(product_numbers, 0)) as product_number,
        sign
    from {{ summed_rows('baskets') }} as baskets
),

final as (
    select
        product_number,
        sum(sign) as basket_count
    from numbers
    group by product_number
)

select * from final
