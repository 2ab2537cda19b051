-- Half-open stretches between the states: a segment is known at the end of each month and on the
-- business date, not in between. A view: it goes where segment_stretches or segment_memberships are
-- made anew, and comes back with them.
{{ config(materialized='view') }}
with

-- Not materialized: of one customer, indexes find today's and the stretches.
today as not materialized (
    select
        customer_id,
        scheme,
        segment,
        state_date
    from {{ ref('segment_memberships') }}
    where state_date = (select as_of.business_date from {{ ref('as_of') }} as as_of)
),

-- The last stretch ends today where today's segment is another.
open_stretches as (
    select
        stretches.customer_id,
        stretches.scheme,
        stretches.segment,
        stretches.previous_segment,
        stretches.valid_from,
        today.state_date as valid_to
    from {{ ref('segment_stretches') }} as stretches
    left join today
        on
            stretches.customer_id = today.customer_id
            and stretches.scheme = today.scheme
            and stretches.segment <> today.segment
    where stretches.valid_to is null
),

begun_today as (
    select
        today.customer_id,
        today.scheme,
        today.segment,
        stretches.segment as previous_segment,
        today.state_date as valid_from
    from today
    left join {{ ref('segment_stretches') }} as stretches
        on
            today.customer_id = stretches.customer_id
            and today.scheme = stretches.scheme
            and stretches.valid_to is null
    where today.segment is distinct from stretches.segment
),

final as (
    select
        customer_id,
        scheme,
        segment,
        previous_segment,
        valid_from,
        valid_to,
        false as is_current
    from {{ ref('segment_stretches') }}
    where valid_to is not null
    union all
    select
        customer_id,
        scheme,
        segment,
        previous_segment,
        valid_from,
        valid_to,
        valid_to is null as is_current
    from open_stretches
    union all
    select
        customer_id,
        scheme,
        segment,
        previous_segment,
        valid_from,
        cast(null as date) as valid_to,
        true as is_current
    from begun_today
)

select * from final
