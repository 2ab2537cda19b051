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
    cross join
        lateral (
            {{ by_scheme('segment_states') }}
        ) as schemes (scheme, segment)
)

select * from final
