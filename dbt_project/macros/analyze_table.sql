{#- Statistics for a table just made: without them the next model's joins are planned blindly. A
    third of the usual sample does for that, and reads six times faster. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') != 'view' -%}
    set local default_statistics_target = 30;
    analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
