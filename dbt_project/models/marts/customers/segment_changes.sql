-- Segments are known at the end of each month and on the business date: a change lies between two
-- of these days, and is told on the later one. A view: it goes where segment_history is made anew,
-- and comes back with segment_history+.
{{ config(materialized='view') }}
with

dates as (
    {{ states_in_order() }}
),

final as (
    select
        dates.state_date,
        dates.previous_date,
        stretches.customer_id,
        stretches.scheme,
        coalesce(stretches.previous_segment, 'First purchase') as from_segment,
        stretches.segment as to_segment,
        stretches.is_current
    from {{ ref('segment_history') }} as stretches
    inner join dates on stretches.valid_from = dates.state_date
    -- At the first state everybody is new to us, and nobody has changed.
    where dates.previous_date is not null
)

select * from final
