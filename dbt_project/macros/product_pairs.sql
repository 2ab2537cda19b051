{#- Products that are bought together often enough: CTEs after those of counted_itemsets(), of which the last,
    `product_pairs`, has a row per ordered pair (docs/decisions/0029). A macro, for two dates ask: the
    business date, and the day of the past on which next_best_test is judged. -#}
{% macro product_pairs() -%}
basket_totals as (
    select
        basket_count as total_count,
        {{ least_count('basket_count') }} as least_count
    from itemsets
    where product_id = ''
),

product_counts as materialized (
    select
        product_id,
        basket_count
    from itemsets
    where product_id <> '' and other_product_id = ''
),

pairs_often as (
    select *
    from itemsets
    where
        other_product_id <> ''
        and basket_count >= (select basket_totals.least_count from basket_totals)
),

pairs_ordered as (
    select
        product_id,
        other_product_id,
        basket_count
    from pairs_often
    union all
    select
        other_product_id as product_id,
        product_id as other_product_id,
        basket_count
    from pairs_often
),

product_pairs as (
    select
        pairs_ordered.product_id,
        pairs_ordered.other_product_id,
        pairs_ordered.basket_count,
        products_counted.basket_count as product_basket_count,
        others_counted.basket_count as other_basket_count,
        basket_totals.total_count as total_basket_count,
        cast(pairs_ordered.basket_count as numeric) / products_counted.basket_count
            as confidence_ratio,
        cast(pairs_ordered.basket_count as numeric) * basket_totals.total_count
        / (products_counted.basket_count * others_counted.basket_count) as lift,
        1 - cast(others_counted.basket_count as numeric) / basket_totals.total_count
            as absence_ratio
    from pairs_ordered
    cross join basket_totals
    inner join product_counts as products_counted
        on pairs_ordered.product_id = products_counted.product_id
    inner join product_counts as others_counted
        on pairs_ordered.other_product_id = others_counted.product_id
)
{%- endmacro %}
