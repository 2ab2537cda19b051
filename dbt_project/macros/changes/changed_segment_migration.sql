{#- The business date, month ends that were told, states after them, and those that follow another state than
    they did. -#}
{% macro changed_segment_migration() -%}
    with

    states as (
        {{ states_in_order() }}
    ),

    stood as (
        select distinct
            state_date,
            previous_date
        from {{ this }}
    )

    select cast(states.state_date as text) from states
    left join stood on states.state_date = stood.state_date
    where
        states.previous_date is distinct from stood.previous_date
        or states.is_current
        or cast(states.state_date as text) in ({{ told('month_end_states', 'state_date') }})
        or cast(states.previous_date as text) in ({{ told('month_end_states', 'state_date') }})
    union all
    select cast(stood.state_date as text) from stood
    where stood.state_date not in (select states.state_date from states)
{%- endmacro %}


{#- A query of each state and the one before it. -#}
{% macro states_in_order() -%}
    select
        state_date,
        is_current,
        lag(state_date) over (order by state_date) as previous_date
    from {{ ref('state_dates') }}
{%- endmacro %}


{#- A query of the states before those to build. -#}
{% macro days_before_changed_states() -%}
    select max(states.state_date)
    from {{ ref('state_dates') }} as states
    inner join changed_keys on states.state_date < cast(changed_keys.key as date)
    group by changed_keys.key
{%- endmacro %}
