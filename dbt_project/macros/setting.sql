{#- A setting's value: the var if it is given, else the environment variable, else the default. -#}
{% macro setting(var_name, environment_name, default) -%}
    {{ var(var_name, none) or env_var(environment_name, '') or default }}
{%- endmacro %}
