{#- Products that are bought together in the `affinity_window_days` up to a date: CTEs, of which the
    last, `product_pairs`, has a row per ordered pair (docs/decisions/0029). A macro, for two dates
    ask: the business date, and the day of the past on which next_best_test is judged.

    A basket is a sale with merchandise; a product that is in it twice counts once. Products have
    numbers meanwhile, the commonest first, so that those too rare for any pair are the ones above a
    number; and a pair is one number, for texts of several million pairs would be sorted on disk.
    `last_date`: an expression. -#}
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
        cast(
            row_number() over (order by count(*) desc, product_id collate "C") as integer
        ) as product_number
    from basket_lines
    group by product_id
),

-- One row per basket: its products, each once, in the order of their numbers.
baskets as materialized (
    select array_agg(
        distinct products_numbered.product_number order by products_numbered.product_number
    ) as product_numbers
    from basket_lines
    inner join products_numbered on basket_lines.product_id = products_numbered.product_id
    group by basket_lines.transaction_id
),

-- A pair must be seen so often: a handful of times, and in a share of all baskets.
basket_totals as (
    select
        count(*) as total_count,
        greatest(
            {{ var('affinity_min_baskets') }}, ceil({{ var('affinity_min_support') }} * count(*))
        ) as least_count
    from baskets
),

common_products as (
    select coalesce(max(product_number), 0) as last_number
    from products_numbered
    where line_count >= (select basket_totals.least_count from basket_totals)
),

products_counted as materialized (
    select
        numbers.product_number,
        count(*) as basket_count
    from baskets
    cross join lateral unnest(baskets.product_numbers) as numbers (product_number)
    group by numbers.product_number
),

-- Each product of a basket with each one after it. In the select list, for functions in `from` write
-- what they return aside first; and sorted, for nearly every pair is another one: hashed, they
-- would take gigabytes.
basket_places as (
    select
        product_numbers,
        generate_subscripts(product_numbers, 1) as place
    from baskets
    where cardinality(product_numbers) > 1
),

pairs_made as (
    select
        product_numbers[place] * 4294967296 as first_number,
        unnest(product_numbers[place + 1:]) as second_number
    from basket_places
),

pairs_sorted as (
    select first_number + second_number as pair_number
    from pairs_made
    where second_number <= (select common_products.last_number from common_products)
    order by first_number + second_number
),

pairs_counted as (
    select
        pair_number,
        count(*) as basket_count
    from pairs_sorted
    group by pair_number
    having count(*) >= (select basket_totals.least_count from basket_totals)
),

pairs_ordered as (
    select
        pair_number / 4294967296 as product_number,
        pair_number % 4294967296 as other_number,
        basket_count
    from pairs_counted
    union all
    select
        pair_number % 4294967296 as product_number,
        pair_number / 4294967296 as other_number,
        basket_count
    from pairs_counted
),

product_pairs as (
    select
        products.product_id,
        others.product_id as other_product_id,
        pairs_ordered.basket_count,
        product_counts.basket_count as product_basket_count,
        other_counts.basket_count as other_basket_count,
        basket_totals.total_count as total_basket_count,
        cast(pairs_ordered.basket_count as numeric) / product_counts.basket_count
            as confidence_ratio,
        cast(pairs_ordered.basket_count as numeric) * basket_totals.total_count
        / (product_counts.basket_count * other_counts.basket_count) as lift,
        1 - cast(other_counts.basket_count as numeric) / basket_totals.total_count
            as absence_ratio
    from pairs_ordered
    cross join basket_totals
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


{#- Whether a line puts a product into a basket. -#}
{% macro is_of_basket() -%}
    not is_return
    and is_merchandise
    and product_id is not null
{%- endmacro %}
