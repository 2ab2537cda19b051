{#- What to offer each customer next, as known on a date: CTEs, of which the last, `next_best`, has
    a row per customer and product, `next_best_count` of them at most. A macro, for two dates ask: the
    business date, and the day of the past on which it is judged (next_best_test).

    Products that share baskets with what the customer bought, and what is popular in the customer's
    segment; nothing bought in the last `next_best_recent_days`. The score is the strength of the
    strongest such pair and the share of the segment that bought the product (docs/sales.md).
    `last_date`: an expression, a date with segment_states. `pairs`: a relation with product_id,
    other_product_id, basket_count, product_basket_count, lift. -#}
{% macro next_best(last_date, pairs) -%}
bought as materialized (
    select
        customer_id,
        product_id,
        max(business_date) as last_date
    from {{ ref('sale_lines') }}
    where
        not is_return
        and is_merchandise
        and product_id is not null
        and customer_id is not null
        and business_date <= {{ last_date }}
        and business_date > {{ last_date }} - {{ var('next_best_recent_days') }}
    group by customer_id, product_id
),

members as materialized (
    select
        customer_id,
        value_segment
    from {{ ref('segment_states') }}
    where state_date = {{ last_date }}
),

segment_sizes as (
    select
        value_segment,
        count(*) as customer_count
    from members
    group by value_segment
),

segment_products as materialized (
    select
        members.value_segment,
        bought.product_id,
        row_number() over (
            partition by members.value_segment
            order by count(*) desc, bought.product_id collate "C"
        ) as place,
        cast(count(*) as numeric) / max(segment_sizes.customer_count) as popularity_ratio
    from members
    inner join segment_sizes on members.value_segment = segment_sizes.value_segment
    inner join bought on members.customer_id = bought.customer_id
    group by members.value_segment, bought.product_id
),

-- Confidence, drawn towards 0 where the product is in few baskets: 5 of 6 is less sure than 80 of 100.
pairs_weighed as (
    select
        product_id,
        other_product_id,
        cast(basket_count as numeric) / (product_basket_count + {{ var('next_best_caution') }})
            as strength_ratio
    from {{ pairs }}
    where lift > 1
),

pairs_ranked as (
    select
        *,
        row_number() over (
            partition by product_id
            order by strength_ratio desc, other_product_id collate "C"
        ) as place
    from pairs_weighed
),

strongest_pairs as materialized (
    select
        product_id,
        other_product_id,
        strength_ratio
    from pairs_ranked
    where place <= 10
),

suggested as (
    select
        members.customer_id,
        members.value_segment,
        strongest_pairs.other_product_id as product_id,
        strongest_pairs.product_id as because_of_product_id,
        strongest_pairs.strength_ratio
    from members
    inner join bought on members.customer_id = bought.customer_id
    inner join strongest_pairs on bought.product_id = strongest_pairs.product_id
    union all
    select
        members.customer_id,
        members.value_segment,
        segment_products.product_id,
        null as because_of_product_id,
        0 as strength_ratio
    from members
    inner join segment_products
        on members.value_segment = segment_products.value_segment
    where segment_products.place <= 12
),

candidates as (
    select distinct on (suggested.customer_id, suggested.product_id)
        suggested.customer_id,
        suggested.value_segment,
        suggested.product_id,
        suggested.because_of_product_id,
        suggested.strength_ratio
    from suggested
    where not exists (
        select from bought
        where
            bought.customer_id = suggested.customer_id
            and bought.product_id = suggested.product_id
    )
    order by
        suggested.customer_id,
        suggested.product_id,
        suggested.strength_ratio desc,
        suggested.because_of_product_id collate "C"
),

scored as (
    select
        candidates.customer_id,
        candidates.product_id,
        candidates.because_of_product_id,
        candidates.strength_ratio,
        coalesce(segment_products.popularity_ratio, 0) as popularity_ratio,
        row_number() over (
            partition by candidates.customer_id
            order by
                candidates.strength_ratio + coalesce(segment_products.popularity_ratio, 0) desc,
                candidates.product_id collate "C"
        ) as suggestion_rank
    from candidates
    left join segment_products
        on
            candidates.value_segment = segment_products.value_segment
            and candidates.product_id = segment_products.product_id
),

next_best as (
    select * from scored
    where suggestion_rank <= {{ var('next_best_count') }}
)
{%- endmacro %}
