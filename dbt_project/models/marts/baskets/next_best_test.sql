-- What next_best_product would have said on the newest month end that lies far enough back, from
-- what was known then, held against what was bought since. A view: only `lens models` asks, and
-- keeps the answer (model_metrics).
{{ config(materialized='view') }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

test_day as materialized (
    select max(state_dates.state_date) as tested_on_date
    from {{ ref('state_dates') }} as state_dates
    inner join as_of
        on state_dates.state_date <= as_of.business_date - {{ var('next_best_test_days') }}
),

{{ counted_itemsets('(select test_day.tested_on_date from test_day)') }},

{{ product_pairs() }},

{{ next_best(
    '(select test_day.tested_on_date from test_day)',
    'product_pairs',
    ref('segment_states')
) }},

-- What somebody buys who bought it lately is no finding.
bought_new as (
    select
        members.customer_id,
        sale_lines.product_id
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    inner join test_day on sale_lines.business_date > test_day.tested_on_date
    inner join members on sale_lines.customer_id = members.customer_id
    left join bought
        on
            sale_lines.customer_id = bought.customer_id
            and sale_lines.product_id = bought.product_id
    where
        not sale_lines.is_return
        and sale_lines.is_merchandise
        and sale_lines.product_id is not null
        and bought.customer_id is null
    group by members.customer_id, sale_lines.product_id
),

customers as (
    select distinct customer_id from bought_new
),

overall as (
    select
        product_id,
        row_number() over (order by count(*) desc, product_id collate "C") as place
    from bought
    group by product_id
),

-- The baseline: what most customers bought and this one did not.
popular_ranked as (
    select
        customers.customer_id,
        overall.product_id,
        row_number() over (
            partition by customers.customer_id order by overall.place
        ) as suggestion_rank
    from customers
    cross join overall
    left join bought
        on customers.customer_id = bought.customer_id and overall.product_id = bought.product_id
    where overall.place <= 50 and bought.customer_id is null
),

hits as (
    select distinct next_best.customer_id
    from next_best
    inner join bought_new
        on
            next_best.customer_id = bought_new.customer_id
            and next_best.product_id = bought_new.product_id
),

baseline_hits as (
    select distinct popular_ranked.customer_id
    from popular_ranked
    inner join bought_new
        on
            popular_ranked.customer_id = bought_new.customer_id
            and popular_ranked.product_id = bought_new.product_id
    where popular_ranked.suggestion_rank <= {{ var('next_best_count') }}
),

final as (
    select
        test_day.tested_on_date,
        as_of.business_date,
        count(customers.customer_id) as customer_count,
        count(hits.customer_id) as hit_count,
        count(baseline_hits.customer_id) as baseline_hit_count
    from test_day
    cross join as_of
    left join customers on true
    left join hits on customers.customer_id = hits.customer_id
    left join baseline_hits on customers.customer_id = baseline_hits.customer_id
    where test_day.tested_on_date is not null
    group by test_day.tested_on_date, as_of.business_date
)

select * from final
