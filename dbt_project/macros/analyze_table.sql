{#- Statistics for a table just made: without them the next model's joins are planned blindly. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') in ('table', 'incremental') -%} analyze {{ this }} {%- endif -%}
{%- endmacro %}
