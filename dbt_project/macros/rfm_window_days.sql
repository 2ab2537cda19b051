{#- Days of history that count in RFM, as an integer; null: all of it. -#}
{% macro rfm_window_days() -%}
    {%- set days = var('rfm_window_days') -%}
    cast({{ 'null' if days in (none, '') else days }} as integer)
{%- endmacro %}
