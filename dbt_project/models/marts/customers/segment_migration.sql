{{ config(
    materialized='by_key', key='state_date', key_type='date', follows=['segment_states', 'as_of']
) }}
with

dates as (
    {{ states_in_order() }}
),

memberships as (
    select
        state_date,
        customer_id,
        scheme,
        segment,
        monetary
    from {{ ref('segment_memberships') }}
    where {{ of_changed_keys('state_date', changed_states_and_previous()) }}
),

final as (
    select
        dates.state_date,
        dates.previous_date,
        memberships.scheme,
        coalesce(previous.segment, 'First purchase') as from_segment,
        memberships.segment as to_segment,
        count(*) as customer_count,
        cast(sum(memberships.monetary - coalesce(previous.monetary, 0)) as numeric(24, 4))
            as revenue_amount
    from dates
    inner join memberships on dates.state_date = memberships.state_date
    left join memberships as previous
        on
            dates.previous_date = previous.state_date
            and memberships.customer_id = previous.customer_id
            and memberships.scheme = previous.scheme
    where
        dates.previous_date is not null
        and {{ of_changed_keys('cast(dates.state_date as text)') }}
    group by
        dates.state_date,
        dates.previous_date,
        memberships.scheme,
        previous.segment,
        memberships.segment
)

select * from final
