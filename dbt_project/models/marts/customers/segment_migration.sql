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
    where {{ of_changed_keys('state_date', changed_states_and_previous()) }}
),

moves as (
    select
        dates.state_date,
        dates.previous_date,
        schemes.scheme,
        coalesce(schemes.from_segment, 'First purchase') as from_segment,
        schemes.to_segment,
        states.monetary - coalesce(previous.monetary, 0) as revenue_amount
    from dates
    inner join states on dates.state_date = states.state_date
    left join states as previous
        on
            dates.previous_date = previous.state_date
            and states.customer_id = previous.customer_id
    cross join
        lateral (
            {{ by_scheme('states', 'previous.') }}
        ) as schemes (scheme, to_segment, from_segment)
    where
        dates.previous_date is not null
        and {{ of_changed_keys('cast(dates.state_date as text)') }}
),

final as (
    select
        state_date,
        previous_date,
        scheme,
        from_segment,
        to_segment,
        count(*) as customer_count,
        cast(sum(revenue_amount) as numeric(24, 4)) as revenue_amount
    from moves
    group by
        state_date,
        previous_date,
        scheme,
        from_segment,
        to_segment
)

select * from final
