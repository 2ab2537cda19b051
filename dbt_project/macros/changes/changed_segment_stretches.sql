{#- Customers who at a month end that was told of them are in another segment than the stretches have for that
    day, or of whom a stretch begins at such a state and they are in no segment there now. The stretches are looked
    up by an index: what was told is planned as a row or two, and where all that is held against it was
    collected first, each was compared with each. -#}
{% macro changed_segment_stretches() -%}
    with

    told as materialized (
        select
            cast(left(changed.key, 10) as date) as state_date,
            substr(changed.key, 12) as customer_id
        from ({{ told('month_end_states', 'state_date+customer_id') }}) as changed
        group by changed.key
    ),

    states as materialized (
        select
            told.customer_id,
            told.state_date,
            states.customer_id is null as is_gone
            {%- for words in segment_schemes().split() %},
            states.{{ words.split(':')[1] }}
            {%- endfor %}
        from told
        left join {{ ref('month_end_states') }} as states
            on told.customer_id = states.customer_id and told.state_date = states.state_date
    ),

    stretches as not materialized (
        select
            customer_id,
            scheme,
            segment,
            valid_from,
            coalesce(valid_to, 'infinity') as valid_to
        from {{ this }}
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
    where not states.is_gone and stretches.segment is distinct from states.{{ column }}
    union all
    {% endfor -%}
    select states.customer_id
    from states
    inner join stretches
        on states.customer_id = stretches.customer_id and states.state_date = stretches.valid_from
    where states.is_gone
{%- endmacro %}
