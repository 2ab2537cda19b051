{#- Common table expressions that place the customers of `measured` (state_date, customer_id, the measures and
    available_points) in segments, by the thresholds of their state; `final` has a row of each. -#}
{% macro placed_states() -%}
scored as (
    select
        measured.*,
        {{ state_scores() }},
        coalesce(measured.monetary >= thresholds.high_spender_from, false) as is_high_spender,
        measured.recency_days >= {{ var('at_risk_days') }} and measured.available_points > 0
            as is_at_risk
    from measured
    inner join {{ ref('state_thresholds') }} as thresholds
        on measured.state_date = thresholds.state_date
),

medians as (
    select
        state_date,
        median_recency_days as recency_days,
        median_frequency as frequency,
        median_monetary as monetary
    from {{ ref('state_thresholds') }}
),

-- One row a pair of flags, so that the precedence of the seed is looked up four times in all.
flags as (
    select distinct on (pairs.is_high_spender, pairs.is_at_risk)
        pairs.is_high_spender,
        pairs.is_at_risk,
        loyalty_segments.segment_name
    from (
        values (true, true), (true, false), (false, true), (false, false)
    ) as pairs (is_high_spender, is_at_risk)
    inner join {{ ref('loyalty_segments') }} as loyalty_segments
        on
            case loyalty_segments.segment_id
                when 'HS' then pairs.is_high_spender
                when 'AR' then pairs.is_at_risk
                else true
            end
    order by pairs.is_high_spender, pairs.is_at_risk, loyalty_segments.precedence
),

final as (
    select
        scored.state_date,
        scored.customer_id,
        flags.segment_name,
        {{ value_tier() }} || ' - ' || {{ engagement_status() }} as value_segment,
        rfm_grid.rfm_segment,
        scored.is_high_spender,
        scored.is_at_risk,
        scored.recency_days,
        scored.frequency,
        scored.monetary,
        scored.r_score,
        scored.f_score,
        scored.m_score,
        scored.available_points
    from scored
    inner join medians on scored.state_date = medians.state_date
    inner join flags
        on
            scored.is_high_spender = flags.is_high_spender
            and scored.is_at_risk = flags.is_at_risk
    left join {{ ref('rfm_grid') }} as rfm_grid
        on scored.r_score = rfm_grid.r_score and scored.f_score = rfm_grid.f_score
)
{%- endmacro %}
