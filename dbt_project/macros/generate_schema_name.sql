{#- In prod a layer's schema is its plain name; any other target builds into schemas of its own. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'prod' -%}
        {{ (custom_schema_name or target.schema) | trim }}
    {%- else -%}
        {%- set own = modules.re.sub('[^a-z0-9_]', '_', target.schema | lower) -%}
        {{ own ~ ('_' ~ custom_schema_name | trim if custom_schema_name else '') }}
    {%- endif -%}
{%- endmacro %}
