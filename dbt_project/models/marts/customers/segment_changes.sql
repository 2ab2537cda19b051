-- Segments are known at the end of each month and on the business date: a change lies between two
-- of these days, and is told on the later one.
with

dates as (
    {{ states_in_order() }}
),

stretches as (
    select
        customer_id,
        scheme,
        segment,
        valid_from,
        is_current,
        lag(segment) over (partition by customer_id, scheme order by valid_from)
            as previous_segment
    from {{ ref('segment_history') }}
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
    from stretches
    inner join dates on stretches.valid_from = dates.state_date
    -- At the first state everybody is new to us, and nobody has changed.
    where dates.previous_date is not null
)

select * from final
