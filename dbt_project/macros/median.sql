{#- Median as an exact number: the percentile is a double, good for 15 digits; rounded, it can be
    held against exact amounts. -#}
{% macro median(column) -%}
    round(cast(percentile_cont(0.5) within group (order by {{ column }}) as numeric), 6)
{%- endmacro %}
