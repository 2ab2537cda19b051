-- Numbers for products in baskets, the commonest first where all are made at once; a product keeps
-- its own, and a new one gets the next.
{{ config(
    materialized='by_key', key='product_id', follows=['sale_lines'], tells=['product_id']
) }}
with

counted as (
    select
        product_id,
        count(*) as line_count
    from {{ ref('sale_lines') }}
    where {{ is_of_basket() }} and {{ of_changed_keys('product_id') }}
    group by product_id
),

last as (
    select coalesce(max(product_number), 0) as product_number
    from {{ standing_rows('product_numbers', {'product_id': 'text', 'product_number': 'bigint'}) }}
        as stood
),

final as (
    select
        counted.product_id,
        last.product_number
        + row_number() over (order by counted.line_count desc, counted.product_id collate "C")
            as product_number
    from counted
    cross join last
)

select * from final
