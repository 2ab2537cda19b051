-- A view: it goes where segment_states is built alone, and comes back with segment_states+.
{{ config(materialized='view') }}
with

final as (
    select
        segment_states.state_date,
        segment_states.customer_id,
        schemes.scheme,
        schemes.segment,
        segment_states.monetary
    from {{ ref('segment_states') }} as segment_states
    cross join lateral (
        values
        ('loyalty', segment_states.segment_name),
        ('value_engagement', segment_states.value_segment),
        ('rfm_grid', segment_states.rfm_segment)
    ) as schemes (scheme, segment)
)

select * from final
