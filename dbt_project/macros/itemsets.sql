{#- In how many baskets products are, alone and two together: CTEs, of which the last, `itemsets`, has a row for
    all baskets (product_id and other_product_id empty), one per product (other_product_id empty), and
    one per two products that are in half as many baskets as two must be to count (docs/decisions/0029,
    0049). product_id comes before other_product_id in the order of "C".

    A basket is a sale with merchandise; a product that is in it twice counts once. Products have
    numbers meanwhile, the commonest first, so that those too rare for any pair are the ones above a
    number; and a pair is one number, for texts of several million pairs would be sorted on disk.
    `last_date`: an expression. -#}
{% macro counted_itemsets(last_date) -%}
/*counted*/ basket_lines as not materialized (
    select
        transaction_id,
        product_id
    from {{ ref('sale_lines') }}
    where
        {{ is_of_basket() }}
        and {{ is_in_window(last_date) }}
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

all_baskets as (
    select
        count(*) as basket_count,
        {{ kept_from('count(*)') }} as kept_from
    from baskets
),

common_products as (
    select coalesce(max(product_number), 0) as last_number
    from products_numbered
    where line_count >= (select all_baskets.kept_from from all_baskets)
),

products_counted as (
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
    having count(*) >= (select all_baskets.kept_from from all_baskets)
),

itemsets as (
    select
        '' as product_id,
        '' as other_product_id,
        basket_count
    from all_baskets
    union all
    select
        products_numbered.product_id,
        '' as other_product_id,
        products_counted.basket_count
    from products_counted
    inner join products_numbered
        on products_counted.product_number = products_numbered.product_number
    union all
    select
        least(products.product_id collate "C", others.product_id collate "C") as product_id,
        greatest(products.product_id collate "C", others.product_id collate "C")
            as other_product_id,
        pairs_counted.basket_count
    from pairs_counted
    inner join products_numbered as products
        on pairs_counted.pair_number / 4294967296 = products.product_number
    inner join products_numbered as others
        on pairs_counted.pair_number % 4294967296 = others.product_number
) /*whole*/
{%- endmacro %}


{#- Whether a line puts a product into a basket. -#}
{% macro is_of_basket() -%}
    not is_return
    and is_merchandise
    and product_id is not null
{%- endmacro %}


{#- Whether a line is of the `affinity_window_days` up to a date (an expression). -#}
{% macro is_in_window(last_date) -%}
    business_date <= {{ last_date }}
    {%- if var('affinity_window_days', none) is not none %}
        and business_date > {{ last_date }} - {{ var('affinity_window_days') }}
    {%- endif %}
{%- endmacro %}


{#- In how many of `basket_count` baskets (an expression) two products must be to count: a handful, and a
    share of all. -#}
{% macro least_count(basket_count) -%}
    greatest(
        {{ var('affinity_min_baskets') }}, ceil({{ var('affinity_min_support') }} * {{ basket_count }})
    )
{%- endmacro %}


{#- In how many they must be to be kept, so that they are known when they come to count: half as many. -#}
{% macro kept_from(basket_count) -%}
    ceil({{ least_count(basket_count) }} / 2.0)
{%- endmacro %}
