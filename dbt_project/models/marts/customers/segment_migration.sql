with

dates as (
    select
        state_date,
        lag(state_date) over (order by state_date) as previous_date
    from {{ ref('state_dates') }}
),

states as (
    select
        segment_states.state_date,
        segment_states.customer_id,
        systems.scheme,
        systems.segment,
        segment_states.monetary
    from {{ ref('segment_states') }} as segment_states
    cross join lateral (
        values
        ('loyalty', segment_states.segment_name),
        ('value_engagement', segment_states.value_segment),
        ('rfm_grid', segment_states.rfm_segment)
    ) as systems (scheme, segment)
),

final as (
    select
        dates.state_date,
        dates.previous_date,
        states.scheme,
        coalesce(previous.segment, 'First purchase') as from_segment,
        states.segment as to_segment,
        count(*) as customer_count,
        cast(sum(states.monetary - coalesce(previous.monetary, 0)) as numeric(24, 4))
            as revenue_amount
    from dates
    inner join states on dates.state_date = states.state_date
    left join states as previous
        on
            dates.previous_date = previous.state_date
            and states.customer_id = previous.customer_id
            and states.scheme = previous.scheme
    where dates.previous_date is not null
    group by
        dates.state_date, dates.previous_date, states.scheme, previous.segment, states.segment
)

select * from final
