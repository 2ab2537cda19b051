-- A score, a tier and a flag follow from a value and a threshold of all customers of the day: when
-- a few of them change, those stand otherwise who are between the old threshold and the new one.
{{ config(
    materialized='by_key', key='state_date', key_type='date',
    follows=['state_measures', 'as_of'], tells_rows=true
) }}
with

measured as (
    select
        state_date,
        recency_days,
        frequency,
        monetary
    from {{ ref('state_measures') }}
    where {{ of_changed_days('state_date') }}
    union all
    select
        business_date as state_date,
        recency_days,
        frequency,
        monetary
    from {{ ref('customer_rfm') }}
),

-- Worst first.
sorted as (
    select
        state_date,
        array_agg(recency_days order by recency_days desc) as recencies,
        array_agg(frequency order by frequency) as frequencies,
        array_agg(monetary order by monetary) as amounts,
        cast(count(*) as integer) as customer_count,
        count(*) filter (where monetary > 0) as spender_count
    from measured
    group by state_date
),

counted as (
    select
        *,
        cast(
            least(ceil({{ var('high_spender_share') }} * spender_count), spender_count) as integer
        ) as high_spender_count
    from sorted
),

final as (
    select
        state_date,
        customer_count,
        {{ median_of('recencies', 'customer_count') }} as median_recency_days,
        {{ median_of('frequencies', 'customer_count') }} as median_frequency,
        {{ median_of('amounts', 'customer_count') }} as median_monetary,
        case
            when high_spender_count > 0 then amounts[customer_count - high_spender_count + 1]
        end as high_spender_from,
        {{ score_thresholds('recencies', 'r{}_below', 'customer_count') }},
        {{ score_thresholds('frequencies', 'f{}_above', 'customer_count') }},
        {{ score_thresholds('amounts', 'm{}_above', 'customer_count') }}
    from counted
)

select * from final
