{%- set metrics = [
    ('recency', 'r_score', 'recency_days'),
    ('frequency', 'f_score', 'frequency'),
    ('monetary', 'm_score', 'monetary'),
] -%}
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

medians as (
    select
        {{ median('recency_days') }} as recency,
        {{ median('frequency') }} as frequency,
        {{ median('monetary') }} as monetary
    from {{ ref('customer_rfm') }}
),

measures as (
    {% for metric, score, value in metrics -%}
    select
        '{{ metric }}' as metric,
        scores.score,
        count(customer_rfm.{{ score }}) as customer_count,
        cast(min(customer_rfm.{{ value }}) as numeric) as lowest_value,
        cast(max(customer_rfm.{{ value }}) as numeric) as highest_value,
        medians.{{ metric }} as median_value
    from generate_series(1, 5) as scores (score)
    cross join medians
    left join {{ ref('customer_rfm') }} as customer_rfm on scores.score = customer_rfm.{{ score }}
    group by scores.score, medians.{{ metric }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select
        measures.metric,
        measures.score,
        '{{ var("rfm_scoring") }}' as scoring,
        '{{ setting("rfm_monetary_basis", "LENS_RFM_MONETARY_BASIS", "net") }}' as monetary_basis,
        {{ rfm_window_days() }} as window_days,
        measures.customer_count,
        measures.lowest_value,
        measures.highest_value,
        measures.median_value,
        as_of.business_date
    from measures
    cross join as_of
)

select * from final
