{#- What to offer each customer next, as known on a date: CTEs, of which the last, `next_best`, has
    a row per customer and product, `next_best_count` of them at most. A macro, for two dates ask: the
    business date, and the day of the past on which it is judged (next_best_test).

    Products that share baskets with what the customer bought, and what is popular in the customer's
    segment; nothing bought in the last `next_best_recent_days`. The score is the strength of the
    strongest such pair and the share of the segment that bought the product (docs/sales.md).
    `last_date`: an expression, a date with `states`, a relation: customer_id, value_segment, state_date.
    `pairs`: a relation with product_id, other_product_id, basket_count, product_basket_count, lift. -#}
{% macro next_best(last_date, pairs, states) -%}
{%- set popular_count = 12 -%}
{#- One row per customer as it is: grouped, so that the planner knows. Else it takes what they bought for
    thousands of times as much, and splits hash tables into hundreds of files. -#}
members as materialized (
    select
        customer_id,
        max(value_segment) as value_segment
    from {{ states }}
    where state_date = {{ last_date }}
    group by customer_id
),

segment_sizes as (
    select
        value_segment,
        count(*) as customer_count
    from members
    group by value_segment
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

-- Days as an array: of a range that is known when it is run only, too few lines are expected.
recent as not materialized (
    select
        customer_id,
        product_id
    from {{ ref('sale_lines') }}
    where
        {{ is_of_basket() }}
        and customer_id is not null
        and business_date = any(
            array(
                select {{ last_date }} - days.days_before
                from generate_series(0, {{ var('next_best_recent_days') }} - 1) as days (days_before)
            )
        )
),

-- Lines are counted without telling customers apart, and no product has more buyers than lines.
segment_lines as materialized (
    select
        members.value_segment,
        recent.product_id,
        count(*) as line_count
    from recent
    inner join members on recent.customer_id = members.customer_id
    where members.value_segment is not null
    group by members.value_segment, recent.product_id
),

lines_ranked as (
    select
        *,
        row_number() over (partition by value_segment order by line_count desc) as place
    from segment_lines
),

most_sold as materialized (
    select
        value_segment,
        product_id
    from lines_ranked
    where place <= {{ popular_count }}
),

most_sold_to as (
    select distinct
        customer_id,
        product_id
    from recent
    where product_id in (select most_sold.product_id from most_sold)
),

most_sold_counts as (
    select
        most_sold.value_segment,
        most_sold.product_id,
        count(*) as buyer_count
    from most_sold_to
    inner join members on most_sold_to.customer_id = members.customer_id
    inner join most_sold
        on
            members.value_segment = most_sold.value_segment
            and most_sold_to.product_id = most_sold.product_id
    group by most_sold.value_segment, most_sold.product_id
),

-- The least popular that is offered has at least so many buyers: what has fewer lines is not offered.
least_counts as (
    select
        value_segment,
        min(buyer_count) as buyer_count
    from most_sold_counts
    group by value_segment
),

-- Few products are a reason for another one, or may be offered: nothing else that was bought matters.
concerned as materialized (
    select product_id from strongest_pairs
    union
    select other_product_id from strongest_pairs
    union
    select segment_lines.product_id
    from segment_lines
    inner join least_counts on segment_lines.value_segment = least_counts.value_segment
    where segment_lines.line_count >= least_counts.buyer_count
),

bought as materialized (
    select
        pairs_bought.customer_id,
        pairs_bought.product_id,
        members.value_segment
    from (
        select distinct
            customer_id,
            product_id
        from recent
        where product_id in (select concerned.product_id from concerned)
    ) as pairs_bought
    inner join members on pairs_bought.customer_id = members.customer_id
    where members.value_segment is not null
),

segment_counts as (
    select
        value_segment,
        product_id,
        count(*) as buyer_count
    from bought
    group by value_segment, product_id
),

segment_products as materialized (
    select
        segment_counts.value_segment,
        segment_counts.product_id,
        cast(
            row_number() over (
                partition by segment_counts.value_segment
                order by segment_counts.buyer_count desc, segment_counts.product_id collate "C"
            ) as integer
        ) as place,
        cast(segment_counts.buyer_count as numeric) / segment_sizes.customer_count
            as popularity_ratio
    from segment_counts
    inner join segment_sizes on segment_counts.value_segment = segment_sizes.value_segment
),

pair_scores as materialized (
    select
        segment_sizes.value_segment,
        strongest_pairs.product_id as because_of_product_id,
        strongest_pairs.other_product_id as product_id,
        strongest_pairs.strength_ratio,
        coalesce(segment_products.popularity_ratio, 0) as popularity_ratio
    from strongest_pairs
    cross join segment_sizes
    left join segment_products
        on
            segment_sizes.value_segment = segment_products.value_segment
            and strongest_pairs.other_product_id = segment_products.product_id
),

popular as materialized (
    select * from segment_products
    where place <= {{ popular_count }}
),

bought_of_those as materialized (
    select * from bought
    where
        product_id in (
            select strongest_pairs.product_id from strongest_pairs
            union
            select strongest_pairs.other_product_id from strongest_pairs
            union
            select popular.product_id from popular
        )
),

-- Which of the popular ones a customer has: a bit each, so that customers who have the same share an
-- answer.
bought_popular as (
    select
        bought_of_those.customer_id,
        bit_or(1 << popular.place) as places
    from bought_of_those
    inner join popular
        on
            bought_of_those.value_segment = popular.value_segment
            and bought_of_those.product_id = popular.product_id
    group by bought_of_those.customer_id
),

member_places as materialized (
    select
        members.customer_id,
        members.value_segment,
        coalesce(bought_popular.places, 0) as places
    from members
    left join bought_popular on members.customer_id = bought_popular.customer_id
),

-- More of the popular ones than are offered cannot come in: each of these is at least as popular.
popular_left as materialized (
    select
        kinds.value_segment,
        kinds.places,
        best.product_id,
        best.popularity_ratio
    from (select distinct value_segment, places from member_places) as kinds
    cross join lateral (
        select
            popular.product_id,
            popular.popularity_ratio
        from popular
        where
            popular.value_segment = kinds.value_segment
            and kinds.places & (1 << popular.place) = 0
        order by popular.place
        limit {{ var('next_best_count') }}
    ) as best
),

-- What a customer has, in one row: as rows they would be looked up in a table that is planned for a
-- hundred times as many.
known as (
    select
        customer_id,
        value_segment,
        array_agg(product_id) as product_ids
    from bought_of_those
    group by customer_id, value_segment
),

reasons as (
    select
        customer_id,
        value_segment,
        product_ids,
        unnest(product_ids) as product_id
    from known
),

suggested as (
    select
        reasons.customer_id,
        pair_scores.product_id,
        pair_scores.because_of_product_id,
        pair_scores.strength_ratio,
        pair_scores.popularity_ratio
    from reasons
    inner join pair_scores
        on
            reasons.value_segment = pair_scores.value_segment
            and reasons.product_id = pair_scores.because_of_product_id
    where pair_scores.product_id <> all(reasons.product_ids)
    union all
    select
        member_places.customer_id,
        popular_left.product_id,
        null as because_of_product_id,
        0 as strength_ratio,
        popular_left.popularity_ratio
    from member_places
    inner join popular_left
        on
            member_places.value_segment = popular_left.value_segment
            and member_places.places = popular_left.places
),

candidates as (
    select distinct on (customer_id, product_id) *
    from suggested
    order by customer_id, product_id, strength_ratio desc, because_of_product_id collate "C"
),

scored as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by strength_ratio + popularity_ratio desc, product_id collate "C"
        ) as suggestion_rank
    from candidates
),

next_best as (
    select * from scored
    where suggestion_rank <= {{ var('next_best_count') }}
)
{%- endmacro %}
