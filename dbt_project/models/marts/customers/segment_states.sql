-- The business date as customer_rfm has it, the month ends before it as they were reckoned from the
-- sales up to then (state_measures); scored and placed day by day.
{{ config(
    materialized='by_key', key='state_date', key_type='date',
    follows=['state_measures', 'as_of'], tells=['state_date']
) }}
with

measured as (
    select
        state_date,
        customer_id,
        recency_days,
        frequency,
        monetary,
        available_points
    from {{ ref('state_measures') }}
    where {{ of_changed_days('state_date') }}
    union all
    select
        customer_rfm.business_date as state_date,
        customer_rfm.customer_id,
        customer_rfm.recency_days,
        customer_rfm.frequency,
        customer_rfm.monetary,
        coalesce(points_balances.available_points, 0) as available_points
    from {{ ref('customer_rfm') }} as customer_rfm
    left join {{ ref('points_balances') }} as points_balances
        on customer_rfm.customer_id = points_balances.customer_id
),

scored as (
    select
        *,
        {{ rfm_score('recency_days desc', 'state_date') }} as r_score,
        {{ rfm_score('frequency asc', 'state_date') }} as f_score,
        {{ rfm_score('monetary asc', 'state_date') }} as m_score,
        monetary > 0
        and rank() over (partition by state_date order by monetary desc)
        <= ceil(
            {{ var('high_spender_share') }}
            * count(*) filter (where monetary > 0) over (partition by state_date)
        ) as is_high_spender
    from measured
),

medians as (
    select
        state_date,
        {{ median('recency_days') }} as recency_days,
        {{ median('frequency') }} as frequency,
        {{ median('monetary') }} as monetary
    from measured
    group by state_date
),

placed as (
    select
        scored.*,
        medians.recency_days as median_recency_days,
        medians.frequency as median_frequency,
        medians.monetary as median_monetary,
        min(scored.monetary) filter (where scored.is_high_spender) over (
            partition by scored.state_date
        ) as high_spender_from,
        scored.recency_days >= {{ var('at_risk_days') }} and scored.available_points > 0
            as is_at_risk,
        {{ value_tier() }} || ' - ' || {{ engagement_status() }} as value_segment
    from scored
    inner join medians on scored.state_date = medians.state_date
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
        placed.state_date,
        placed.customer_id,
        flags.segment_name,
        placed.value_segment,
        rfm_grid.rfm_segment,
        placed.is_high_spender,
        placed.is_at_risk,
        placed.recency_days,
        placed.frequency,
        placed.monetary,
        placed.r_score,
        placed.f_score,
        placed.m_score,
        placed.available_points,
        cast(placed.median_recency_days as numeric(24, 6)) as median_recency_days,
        cast(placed.median_frequency as numeric(24, 6)) as median_frequency,
        cast(placed.median_monetary as numeric(24, 6)) as median_monetary,
        placed.high_spender_from
    from placed
    inner join flags
        on
            placed.is_high_spender = flags.is_high_spender
            and placed.is_at_risk = flags.is_at_risk
    left join {{ ref('rfm_grid') }} as rfm_grid
        on placed.r_score = rfm_grid.r_score and placed.f_score = rfm_grid.f_score
)

select * from final
