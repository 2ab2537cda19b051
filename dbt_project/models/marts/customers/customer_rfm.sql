with

-- Without a window (null) all history counts.
as_of as (
    select
        business_date,
        business_date - {{ rfm_window_days() }} as before_window
    from {{ ref('as_of') }}
),

delivered as (
    select
        customers.customer_id,
        customers.last_purchase_date
    from {{ ref('customers') }} as customers
    inner join as_of on customers.last_purchase_date <= as_of.business_date
),

bought as (
    select
        purchases.customer_id,
        count(*) filter (where purchases.is_counted) as frequency,
        max(purchases.business_date) filter (where purchases.is_counted) as last_purchase_date,
        sum(purchases.monetary_amount) as monetary,
        sum(purchases.merchandise_amount) as gross_monetary,
        sum(purchases.net_amount) as net_monetary
    from {{ ref('purchases') }} as purchases
    cross join as_of
    where coalesce(purchases.business_date > as_of.before_window, true)
    group by purchases.customer_id
    having bool_or(purchases.is_counted)
),

measured as (
    select
        bought.customer_id,
        as_of.business_date - greatest(bought.last_purchase_date, delivered.last_purchase_date)
            as recency_days,
        bought.frequency,
        bought.monetary,
        bought.gross_monetary,
        bought.net_monetary,
        greatest(bought.last_purchase_date, delivered.last_purchase_date) as last_purchase_date,
        as_of.business_date
    from bought
    left join delivered on bought.customer_id = delivered.customer_id
    cross join as_of
),

scored as (
    select
        *,
        {{ rfm_score('recency_days desc') }} as r_score,
        {{ rfm_score('frequency asc') }} as f_score,
        {{ rfm_score('monetary asc') }} as m_score
    from measured
),

medians as (
    select
        {{ median('recency_days') }} as recency_days,
        {{ median('frequency') }} as frequency,
        {{ median('monetary') }} as monetary
    from measured
),

placed as (
    select
        scored.*,
        {{ value_tier() }} as value_tier,
        {{ engagement_status() }} as engagement_status
    from scored
    cross join medians
),

final as (
    select
        placed.customer_id,
        rfm_grid.rfm_segment,
        placed.value_tier,
        placed.engagement_status,
        value_engagement_segments.value_segment,
        value_engagement_segments.strategy,
        value_engagement_segments.action,
        placed.recency_days,
        placed.frequency,
        placed.monetary,
        placed.gross_monetary,
        placed.net_monetary,
        placed.r_score,
        placed.f_score,
        placed.m_score,
        placed.last_purchase_date,
        placed.business_date
    from placed
    left join {{ ref('rfm_grid') }} as rfm_grid
        on placed.r_score = rfm_grid.r_score and placed.f_score = rfm_grid.f_score
    left join {{ ref('value_engagement_segments') }} as value_engagement_segments
        on
            placed.value_tier = value_engagement_segments.value_tier
            and placed.engagement_status = value_engagement_segments.engagement_status
)

select * from final
