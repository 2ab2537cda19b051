{#- Whole points from an exact number; the var says which way a fraction goes. -#}
{% macro rounded_points(expression) -%}
    {%- set way = var('points_rounding') -%}
    {%- if way not in ('floor', 'round', 'ceil') -%}
        {{ exceptions.raise_compiler_error('points_rounding is ' ~ way ~ ': use floor, round or ceil') }}
    {%- endif -%}
    cast({{ way }}({{ expression }}) as bigint)
{%- endmacro %}
