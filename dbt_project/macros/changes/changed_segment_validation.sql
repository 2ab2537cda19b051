{#- States that were told or are held against what was bought since for the first time, and those after which
    a purchase has changed that is held against them. -#}
{% macro changed_segment_validation() -%}
    with

    states as (
        select
            state_dates.state_date,
            state_dates.is_current,
            state_dates.state_date + {{ var('segment_validation_days') }} as until_date
        from {{ ref('state_dates') }} as state_dates
        inner join {{ ref('as_of') }} as as_of
            on state_dates.state_date + {{ var('segment_validation_days') }} <= as_of.business_date
    )

    select cast(states.state_date as text) from states
    where
        states.state_date not in (select stood.state_date from {{ this }} as stood)
        or states.is_current
        or cast(states.state_date as text) in ({{ told('month_end_states', 'state_date') }})
        or exists (
            select from ({{ told('purchases', 'business_date') }}) as told
            where
                cast(told.key as date) > states.state_date
                and cast(told.key as date) <= states.until_date
        )
    union all
    select cast(stood.state_date as text)
    from (select distinct rows.state_date from {{ this }} as rows) as stood
    where stood.state_date not in (select states.state_date from states)
{%- endmacro %}
