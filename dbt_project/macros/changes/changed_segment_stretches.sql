{#- Customers who at a month end that was told of them are in another segment than the stretches have for that
    day, or of whom a stretch begins at such a state and they are in no segment there now. -#}
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

    stretches as materialized (
        select
            stood.customer_id,
            stood.scheme,
            stood.segment,
            stood.valid_from,
            coalesce(stood.valid_to, 'infinity') as valid_to
        from {{ this }} as stood
        where stood.customer_id in (select told.customer_id from told)
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
