{{ config(materialized='by_itemset', follows=['sale_lines', 'as_of']) }}
with

{{ counted_itemsets('(select business_date from ' ~ ref('as_of') ~ ')') }},

{{ product_pairs() }},

products as (
    select
        product_id,
        product_name
    from {{ ref('products') }}
),

final as (
    select
        product_pairs.product_id,
        product_pairs.other_product_id,
        coalesce(others.product_name, product_pairs.other_product_id) as other_product_name,
        row_number() over (
            partition by product_pairs.product_id
            order by
                product_pairs.lift desc,
                product_pairs.basket_count desc,
                product_pairs.other_product_id collate "C"
        ) as lift_rank,
        product_pairs.basket_count,
        product_pairs.product_basket_count,
        product_pairs.other_basket_count,
        product_pairs.total_basket_count,
        cast(
            cast(product_pairs.basket_count as numeric) / product_pairs.total_basket_count
            as numeric(18, 8)
        ) as support_ratio,
        cast(product_pairs.confidence_ratio as numeric(18, 6)) as confidence_ratio,
        cast(product_pairs.lift as numeric(18, 6)) as lift,
        cast(
            cast(product_pairs.basket_count as numeric) / product_pairs.total_basket_count
            - cast(product_pairs.product_basket_count as numeric)
            / product_pairs.total_basket_count
            * product_pairs.other_basket_count / product_pairs.total_basket_count
            as numeric(18, 8)
        ) as leverage,
        cast(
            product_pairs.absence_ratio / nullif(1 - product_pairs.confidence_ratio, 0)
            as numeric(24, 6)
        ) as conviction
    from product_pairs
    left join products as others on product_pairs.other_product_id = others.product_id
)

select * from final
