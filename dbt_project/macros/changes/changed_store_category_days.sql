{#- What came back, and what a product costs, counts on the day of the sale. -#}
{% macro changed_store_category_days() -%}
    {{ told_days(['sale_lines', 'points_earnings', 'promotion_earnings']) }}
    union all
    {{ told('returned_lines', 'sold_date') }}
    union all
    select cast(lines.business_date as text)
    from {{ ref('sale_lines') }} as lines
    where {{ was_told('lines.product_id', 'products', 'product_id') }}
    union all
    select cast(lines.sold_date as text)
    from {{ ref('returned_lines') }} as lines
    where lines.product_id in ({{ told('products', 'product_id') }})
{%- endmacro %}
