{#- The last day on which points earned on a date can be spent: so many months, to the month's end. -#}
{% macro valid_through(earned_date) -%}
    cast(
        date_trunc(
            'month', {{ earned_date }} + interval '{{ var("points_validity_months") + 1 }} months'
        ) as date
    ) - 1
{%- endmacro %}
