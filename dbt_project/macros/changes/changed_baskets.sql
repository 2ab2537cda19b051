{#- Products that are in a basket and have no number so far. -#}
{% macro changed_product_numbers() -%}
    select sale_lines.product_id
    from {{ ref('sale_lines') }} as sale_lines
    left join {{ this }} as stood on sale_lines.product_id = stood.product_id
    where
        {{ is_of_basket('sale_lines.') }}
        and sale_lines.business_date = any (
            array(select cast(told.key as date) from ({{ told('sale_lines', 'business_date') }}) as told)
        )
        and stood.product_id is null
{%- endmacro %}


{#- Days with other lines, days that have come, and those that have left the window. -#}
{% macro changed_baskets() -%}
    {{ told_days(['sale_lines']) }}
    {%- if var('affinity_window_days', none) is not none %}
    union all
    select cast(cast(days.day as date) as text)
    from {{ ref('as_of') }} as as_of
    cross join
        lateral generate_series(
            (select min(stood.business_date) from {{ this }} as stood),
            as_of.business_date - {{ var('affinity_window_days') }},
            interval '1 day'
        ) as days (day)
    {%- endif %}
{%- endmacro %}
