{#- Products that are bought together in the `affinity_window_days` up to a date: CTEs, of which the
    last, `product_pairs`, has a row per ordered pair (docs/decisions/0029, 0043). For a day of the past
    alone: what is bought together as of the business date, baskets, basket_products and basket_pairs
    keep.

    A basket is a sale with merchandise; a product that is in it twice counts once. Products have
    numbers meanwhile, so that a basket is an array of integers, and a pair one number: texts of several
    million pairs would be sorted on disk. `last_date`: an expression. -#}
{% macro product_pairs(last_date) -%}
basket_lines as not materialized (
    select
        transaction_id,
        product_id
    from {{ ref('sale_lines') }}
    where
        {{ is_of_basket() }}
        and business_date <= {{ last_date }}
        {%- if var('affinity_window_days', none) is not none %}
        and business_date > {{ last_date }} - {{ var('affinity_window_days') }}
        {%- endif %}
),

products_numbered as materialized (
    select
        product_id,
        count(*) as line_count,
        row_number() over (order by count(*) desc, product_id collate "C") as product_number
    from basket_lines
    group by product_id
),

-- One row per basket: its products, each once, in the order of their numbers.
baskets as materialized (
    select
        array_agg(
            distinct products_numbered.product_number order by products_numbered.product_number
        ) as product_numbers,
        1 as sign
    from basket_lines
    inner join products_numbered on basket_lines.product_id = products_numbered.product_id
    group by basket_lines.transaction_id
),

basket_total as (
    select count(*) as basket_count from baskets
),

products_counted as materialized (
    select
        numbers.product_number,
        count(*) as basket_count
    from baskets
    cross join lateral unnest(baskets.product_numbers) as numbers (product_number)
    group by numbers.product_number
),

-- The commonest products have the lowest numbers: those too rare for any pair are above one.
common_products as (
    select coalesce(max(product_number), 0) as last_number
    from products_numbered
    where line_count >= {{ least_basket_count() }}
),

{{ pairs_of_baskets('baskets', '(select common_products.last_number from common_products)') }},

{{ pairs_of_numbers() }}
{%- endmacro %}


{#- In how many baskets a pair must be: a handful, and a share of all. -#}
{% macro least_basket_count() -%}
    (
        select
            cast(
                ceil(
                    greatest(
                        {{ var('affinity_min_baskets') }},
                        {{ var('affinity_min_support') }} * basket_total.basket_count
                    )
                ) as bigint
            )
        from basket_total
    )
{%- endmacro %}


{#- Whether a line puts a product into a basket. -#}
{% macro is_of_basket(prefix='') -%}
    not {{ prefix }}is_return
    and {{ prefix }}is_merchandise
    and {{ prefix }}product_id is not null
{%- endmacro %}


{#- Each product of a basket with each one after it: CTEs, the last `pairs_counted`. `baskets`: a relation with
    `product_numbers` in order, and a `sign`; `last_number`: of products that may be in a pair. In the select list, for functions in `from` write what they
    return aside first; and sorted, for nearly every pair is another one: hashed, they would take
    gigabytes. -#}
{% macro pairs_of_baskets(baskets, last_number=none) -%}
basket_places as (
    select
        product_numbers,
        generate_subscripts(product_numbers, 1) as place,
        sign
    from {{ baskets }} as baskets
    where cardinality(product_numbers) > 1
),

pairs_made as (
    select
        product_numbers[place] * 4294967296 as first_number,
        unnest(product_numbers[place + 1:]) as second_number,
        sign
    from basket_places
),

pairs_sorted as (
    select
        first_number + second_number as pair_number,
        sign
    from pairs_made
    {%- if last_number %}
    where second_number <= {{ last_number }}
    {%- endif %}
    order by first_number + second_number
),

pairs_counted as (
    select
        pair_number,
        sum(sign) as basket_count
    from pairs_sorted
    group by pair_number
)
{%- endmacro %}


{#- Pairs that were seen so often (a handful of times, and in a share of all baskets), both ways round, and
    what is said of them: CTEs, the last `product_pairs`. From `pairs_counted`, `products_counted`,
    `products_numbered` and `basket_total`. -#}
{% macro pairs_of_numbers() -%}
pairs_common as materialized (
    select
        pairs_counted.pair_number,
        pairs_counted.basket_count
    from pairs_counted
    where pairs_counted.basket_count >= {{ least_basket_count() }}
),

pairs_ordered as (
    select
        pair_number / 4294967296 as product_number,
        pair_number % 4294967296 as other_number,
        basket_count
    from pairs_common
    union all
    select
        pair_number % 4294967296 as product_number,
        pair_number / 4294967296 as other_number,
        basket_count
    from pairs_common
),

product_pairs as (
    select
        products.product_id,
        others.product_id as other_product_id,
        pairs_ordered.basket_count,
        product_counts.basket_count as product_basket_count,
        other_counts.basket_count as other_basket_count,
        basket_total.basket_count as total_basket_count,
        cast(pairs_ordered.basket_count as numeric) / product_counts.basket_count
            as confidence_ratio,
        cast(pairs_ordered.basket_count as numeric) * basket_total.basket_count
        / (product_counts.basket_count * other_counts.basket_count) as lift,
        1 - cast(other_counts.basket_count as numeric) / basket_total.basket_count
            as absence_ratio
    from pairs_ordered
    cross join basket_total
    inner join products_numbered as products
        on pairs_ordered.product_number = products.product_number
    inner join products_numbered as others
        on pairs_ordered.other_number = others.product_number
    inner join products_counted as product_counts
        on pairs_ordered.product_number = product_counts.product_number
    inner join products_counted as other_counts
        on pairs_ordered.other_number = other_counts.product_number
)
{%- endmacro %}
