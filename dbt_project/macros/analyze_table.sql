{#- Statistics for a table just made: without them the next model's joins are planned blindly. A
    third of the usual sample does for that, and reads six times faster. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') in ('table', 'incremental', 'by_customer', 'by_batch', 'by_key') -%}
    set local default_statistics_target = 30;
    analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
