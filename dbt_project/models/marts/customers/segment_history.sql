-- Half-open stretches between the states: a segment is known at the end of each month and on the
-- business date, not in between.
with

states as (
    select
        segment_states.customer_id,
        systems.scheme,
        systems.segment,
        segment_states.state_date
    from {{ ref('segment_states') }} as segment_states
    cross join lateral (
        values
        ('loyalty', segment_states.segment_name),
        ('value_engagement', segment_states.value_segment),
        ('rfm_grid', segment_states.rfm_segment)
    ) as systems (scheme, segment)
),

marked as (
    select
        *,
        coalesce(
            segment <> lag(segment) over (partition by customer_id, scheme order by state_date),
            true
        ) as is_new
    from states
),

final as (
    select
        customer_id,
        scheme,
        segment,
        state_date as valid_from,
        lead(state_date) over (partition by customer_id, scheme order by state_date) as valid_to,
        lead(state_date) over (partition by customer_id, scheme order by state_date) is null
            as is_current
    from marked
    where is_new
)

select * from final
