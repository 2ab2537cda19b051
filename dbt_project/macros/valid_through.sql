{#- The last day on which points earned on a date can be spent: so many months, to the month's end
    (points_expiry: months) or to the end of that calendar year (calendar_year). -#}
{% macro valid_through(earned_date) -%}
    {%- set unit = {'months': 'month', 'calendar_year': 'year'}.get(var('points_expiry')) -%}
    {%- if not unit -%}
        {{ exceptions.raise_compiler_error(
            'points_expiry is ' ~ var('points_expiry') ~ ': use months or calendar_year'
        ) }}
    {%- endif -%}
    cast(
        date_trunc(
            '{{ unit }}', {{ earned_date }} + interval '{{ var("points_validity_months") }} months'
        )
        + interval '1 {{ unit }}'
        - interval '1 day' as date
    )
{%- endmacro %}
