{{ config(
    materialized='by_key', key='state_date', key_type='date', follows=['month_end_states', 'as_of']
) }}
with

dates as (
    {{ states_in_order() }}
),

states as (
    select
        state_date,
        customer_id,
        segment_name,
        value_segment,
        rfm_segment,
        monetary
    from {{ ref('segment_states') }}
    where {{ of_changed_days('state_date') }}
),

previous_states as (
    select
        state_date,
        customer_id,
        segment_name,
        value_segment,
        rfm_segment,
        monetary
    from {{ ref('segment_states') }}
    where {{ of_changed_days('state_date', days_before_changed_states()) }}
),

-- Those who went the same way in all schemes first, so that schemes are told apart for these alone.
moves as (
    select
        dates.state_date,
        dates.previous_date,
        states.segment_name,
        states.value_segment,
        states.rfm_segment,
        previous.segment_name as previous_segment_name,
        previous.value_segment as previous_value_segment,
        previous.rfm_segment as previous_rfm_segment,
        count(*) as customer_count,
        sum(states.monetary - coalesce(previous.monetary, 0)) as revenue_amount
    from dates
    inner join states on dates.state_date = states.state_date
    left join previous_states as previous
        on
            dates.previous_date = previous.state_date
            and states.customer_id = previous.customer_id
    where dates.previous_date is not null
    group by
        dates.state_date,
        dates.previous_date,
        states.segment_name,
        states.value_segment,
        states.rfm_segment,
        previous.segment_name,
        previous.value_segment,
        previous.rfm_segment
),

final as (
    select
        moves.state_date,
        moves.previous_date,
        schemes.scheme,
        coalesce(schemes.previous_segment, 'First purchase') as from_segment,
        schemes.segment as to_segment,
        cast(sum(moves.customer_count) as bigint) as customer_count,
        cast(sum(moves.revenue_amount) as numeric(24, 4)) as revenue_amount
    from moves
    cross join
        lateral (
            {{ by_scheme('moves', 'moves.previous_') }}
        ) as schemes (scheme, segment, previous_segment)
    group by
        moves.state_date,
        moves.previous_date,
        schemes.scheme,
        from_segment,
        to_segment
)

select * from final
