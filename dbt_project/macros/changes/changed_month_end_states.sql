{#- Customers at month ends of which the measures have changed, and those whose value is held otherwise
    against a threshold that has changed since: they lie between what it was and what it is. Where a score
    is a place among all (ntile), all customers of a month end of which anybody has changed. -#}
{% macro changed_month_end_states() -%}
    {%- set key = 'state_date+customer_id' -%}
    {{ told('state_measures', key) }}
    union all
    select {{ key_of(key, 'measured') }}
    from {{ ref('state_measures') }} as measured
    {% if var('rfm_scoring') == 'ntile' -%}
    where
        measured.state_date in (
            select cast(told.key as date) from ({{ told('state_measures', 'state_date') }}) as told
        )
    union all
    select {{ key_of(key, 'measured') }}
    from {{ ref('state_measures') }} as measured
    {% endif -%}
    inner join (
        select
            thresholds.state_date
            {%- for measure, threshold, comparison in thresholds_of_measures() %},
            min({{ threshold }}) as from_{{ loop.index }},
            max({{ threshold }}) as to_{{ loop.index }}
            {%- endfor %}
        from ({{ told_rows('state_thresholds') }}) as thresholds
        group by thresholds.state_date
    ) as moved on measured.state_date = moved.state_date
    where
        {% for measure, threshold, comparison in thresholds_of_measures() -%}
        {{ 'or ' if not loop.first -}}
        {%- if comparison == '>' -%}
        (measured.{{ measure }} > moved.from_{{ loop.index }}
            and measured.{{ measure }} <= moved.to_{{ loop.index }})
        {%- else -%}
        (measured.{{ measure }} >= moved.from_{{ loop.index }}
            and measured.{{ measure }} < moved.to_{{ loop.index }})
        {%- endif %}
        {% endfor %}
{%- endmacro %}
