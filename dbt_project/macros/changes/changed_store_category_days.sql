{#- What came back, and what a product costs, counts on the day of the sale. -#}
{% macro changed_store_category_days() -%}
    {{ told_pairs(
        ['sale_lines', 'points_earnings', 'promotion_earnings'], 'business_date+store_id'
    ) }}
    union all
    {{ told('returned_lines', 'sold_date+store_id') }}
    union all
    select distinct {{ key_of('business_date+store_id', 'lines') }}
    from {{ ref('sale_lines') }} as lines
    where {{ was_told('lines.product_id', 'products', 'product_id') }}
    union all
    select distinct {{ key_of('sold_date+store_id', 'lines') }}
    from {{ ref('returned_lines') }} as lines
    where lines.product_id in ({{ told('products', 'product_id') }})
{%- endmacro %}
