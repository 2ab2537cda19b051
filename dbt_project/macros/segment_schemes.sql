{#- Divisions of the customers, each with the column of segment_states that has its segment: `scheme:column`,
    a word each. -#}
{% macro segment_schemes() -%}
    loyalty:segment_name value_engagement:value_segment rfm_grid:rfm_segment
{%- endmacro %}


{#- Rows of (scheme, segment) of a state's row; with `previous`, what the columns of the state before begin
    with, also of that one. -#}
{% macro by_scheme(states, previous=none) -%}
    values
    {% for words in segment_schemes().split() -%}
    {%- set scheme, column = words.split(':') -%}
    ('{{ scheme }}', {{ states }}.{{ column }}{% if previous %}, {{ previous }}{{ column }}{% endif %})
    {{- ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Columns of a state's segments and of those of the customer's state before it. -#}
{% macro previous_segments(states) -%}
    {% for words in segment_schemes().split() -%}
    {%- set column = words.split(':')[1] -%}
    {{ states }}.{{ column }},
    lag({{ states }}.{{ column }}) over (
        partition by {{ states }}.customer_id order by {{ states }}.state_date
    ) as previous_{{ column }}{{ ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
