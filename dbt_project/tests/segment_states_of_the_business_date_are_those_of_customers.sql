-- The past is reckoned by the same rules as the present: for the business date both must agree.
with

states as (
    select segment_states.*
    from {{ ref('segment_states') }} as segment_states
    inner join {{ ref('state_dates') }} as state_dates
        on segment_states.state_date = state_dates.state_date and state_dates.is_current
)

select
    customer_details.customer_id,
    customer_details.value_segment,
    states.value_segment as state_value_segment
from {{ ref('customer_details') }} as customer_details
full join states on customer_details.customer_id = states.customer_id
where
    (
        customer_details.segment_name,
        customer_details.value_segment,
        customer_details.rfm_segment,
        customer_details.recency_days,
        customer_details.frequency,
        customer_details.monetary
    ) is distinct from (
        states.segment_name,
        states.value_segment,
        states.rfm_segment,
        states.recency_days,
        states.frequency,
        states.monetary
    )
    and not (customer_details.value_segment = 'Prospect' and states.customer_id is null)
