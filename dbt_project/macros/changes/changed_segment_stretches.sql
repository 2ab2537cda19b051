{#- Customers who at a month end that was told or is new are in another segment than the stretches have for
    that day, or of whom a stretch begins at such a state (or at one that is none any more) without them. -#}
{% macro changed_segment_stretches() -%}
    with

    told_dates as materialized (
        select cast(told.key as date) as state_date
        from ({{ told('segment_states', 'state_date') }}) as told
        union
        select cast(days.day as date)
        from {{ ref('as_of') }} as as_of
        cross join
            lateral generate_series(
                greatest({{ built_date() }}, date '1970-01-01'), as_of.business_date, interval '1 day'
            ) as days (day)
    ),

    -- Not so a business date, of today or of a day before. The least date from then on is looked up in
    -- an index, which a date that is nowhere would not be.
    month_ends as materialized (
        select told_dates.state_date
        from told_dates
        inner join {{ ref('as_of') }} as as_of on told_dates.state_date < as_of.business_date
        where
            told_dates.state_date in (
                (
                    select min(states.state_date) from {{ ref('segment_states') }} as states
                    where states.state_date >= told_dates.state_date
                ),
                (
                    select min(stood.valid_from) from {{ this }} as stood
                    where stood.valid_from >= told_dates.state_date
                )
            )
    ),

    stretches as materialized (
        select
            stood.customer_id,
            stood.scheme,
            stood.segment,
            stood.valid_from,
            coalesce(stood.valid_to, 'infinity') as valid_to
        from {{ this }} as stood
        where
            exists (select from month_ends)
            and coalesce(stood.valid_to, 'infinity')
            > (select min(month_ends.state_date) from month_ends)
    ),

    states as materialized (
        select
            states.customer_id,
            states.state_date
            {%- for words in segment_schemes().split() %},
            states.{{ words.split(':')[1] }}
            {%- endfor %}
        from {{ ref('segment_states') }} as states
        where states.state_date in (select month_ends.state_date from month_ends)
    )

    {% for words in segment_schemes().split() -%}
    {%- set scheme, column = words.split(':') -%}
    select states.customer_id
    from states
    left join stretches
        on
            states.customer_id = stretches.customer_id
            and stretches.scheme = '{{ scheme }}'
            and states.state_date >= stretches.valid_from
            and states.state_date < stretches.valid_to
    where stretches.segment is distinct from states.{{ column }}
    union all
    {% endfor -%}
    select stretches.customer_id
    from stretches
    left join states
        on
            stretches.customer_id = states.customer_id
            and stretches.valid_from = states.state_date
    where
        stretches.valid_from in (select month_ends.state_date from month_ends)
        and states.customer_id is null
{%- endmacro %}
