{#- The day of a batch (ops.load_batches): its file's own date, else the business date on which it
    arrived, else the day it was loaded. -#}
{% macro delivered_date() -%}
    coalesce(file_date, business_date, cast(loaded_at at time zone 'UTC' as date))
{%- endmacro %}
