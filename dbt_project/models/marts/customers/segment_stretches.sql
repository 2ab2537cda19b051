-- Half-open stretches between month ends: what segment_history says but for the business date,
-- whose segments are others each day. Who was in no segment at a month end, and is back, goes on
-- where they were.
{{ config(
    materialized='by_key', key='customer_id', follows=['month_end_states'],
    indexes=[{'columns': ['customer_id']}]
) }}
with

-- One sort serves all schemes.
states as (
    select
        month_end_states.customer_id,
        month_end_states.state_date,
        {{ previous_segments('month_end_states') }}
    from {{ ref('month_end_states') }} as month_end_states
    where {{ of_changed_keys('month_end_states.customer_id') }}
),

entered as (
    select
        states.customer_id,
        schemes.scheme,
        schemes.segment,
        schemes.previous_segment,
        states.state_date
    from states
    cross join
        lateral (
            {{ by_scheme('states', 'states.previous_') }}
        ) as schemes (scheme, segment, previous_segment)
    where schemes.segment is distinct from schemes.previous_segment
),

final as (
    select
        customer_id,
        scheme,
        segment,
        previous_segment,
        state_date as valid_from,
        lead(state_date) over (partition by customer_id, scheme order by state_date) as valid_to
    from entered
)

select * from final
