{#- A whole number for the axis of a chart: 200, 5k, 2M; written out where that would round it. -#}
{% macro short_number(value) -%}
    case
        when {{ value }} >= 1000000 and ({{ value }}) % 1000000 = 0
            then trim_scale(({{ value }}) / 1000000) || 'M'
        when {{ value }} >= 1000 and ({{ value }}) % 1000 = 0
            then trim_scale(({{ value }}) / 1000) || 'k'
        else cast(trim_scale({{ value }}) as text)
    end
{%- endmacro %}
