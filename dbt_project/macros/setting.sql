{#- A setting's value: the var if it is given, else the environment variable, else the default. -#}
{% macro setting(var_name, environment_name, default) -%}
    {%- set given = var(var_name, none) -%}
    {{ env_var(environment_name, '') or default if given in (none, '') else given }}
{%- endmacro %}
