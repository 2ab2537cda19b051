{#- The last day on which points earned on a date can be spent: so many months, to the month's end. -#}
{% macro valid_through(earned_date) -%}
    cast(
        date_trunc('month', {{ earned_date }})
        + interval '{{ var("points_validity_months") }} months'
        + interval '1 month'
        - interval '1 day' as date
    )
{%- endmacro %}
