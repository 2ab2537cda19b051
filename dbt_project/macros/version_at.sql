{#- When a delivered version of a master row begins: its own moment of change where it has one, else
    the date in its file's name, else the business date of the run that first loaded it. -#}
{% macro version_at(modified_instant=none, modified_at=none) -%}
    coalesce(
        {%- if modified_instant %}
        {{ modified_instant }},
        {{ modified_at }} at time zone 'UTC',
        {%- endif %}
        cast(coalesce(_file_date, _arrival_date, date '1900-01-01') as timestamp) at time zone 'UTC'
    )
{%- endmacro %}
