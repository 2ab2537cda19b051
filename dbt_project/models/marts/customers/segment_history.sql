-- Half-open stretches between the states: a segment is known at the end of each month and on the
-- business date, not in between.
with

marked as (
    select
        *,
        coalesce(
            segment <> lag(segment) over (partition by customer_id, scheme order by state_date),
            true
        ) as is_new
    from {{ ref('segment_memberships') }}
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
