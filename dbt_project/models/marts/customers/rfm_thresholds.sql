with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

measures as (
    select
        measured.metric,
        measured.score,
        measured.value
    from {{ ref('customer_rfm') }} as customer_rfm
    cross join lateral (
        values
        ('recency', customer_rfm.r_score, cast(customer_rfm.recency_days as numeric)),
        ('frequency', customer_rfm.f_score, cast(customer_rfm.frequency as numeric)),
        ('monetary', customer_rfm.m_score, customer_rfm.monetary)
    ) as measured (metric, score, value)
),

medians as (
    select
        metric,
        {{ median('value') }} as median_value
    from measures
    group by metric
),

cells as (
    select
        metrics.metric,
        scores.score
    from (values ('recency'), ('frequency'), ('monetary')) as metrics (metric)
    cross join generate_series(1, 5) as scores (score)
),

final as (
    select
        cells.metric,
        cells.score,
        '{{ var("rfm_scoring") }}' as scoring,
        '{{ setting("rfm_monetary_basis", "LENS_RFM_MONETARY_BASIS", "net") }}' as monetary_basis,
        {{ rfm_window_days() }} as window_days,
        count(measures.value) as customer_count,
        min(measures.value) as lowest_value,
        max(measures.value) as highest_value,
        min(medians.median_value) as median_value,
        as_of.business_date
    from cells
    cross join as_of
    left join measures on cells.metric = measures.metric and cells.score = measures.score
    left join medians on cells.metric = medians.metric
    group by cells.metric, cells.score, as_of.business_date
)

select * from final
