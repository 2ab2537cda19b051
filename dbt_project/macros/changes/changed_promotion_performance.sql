{#- Days and stores of lines, of sales that something came back of, of points, and of purchases that may be another's
    first; days on which a product was sold whose cost is another, or with the code of a promotion whose discount
    is; and all of those that give goods away, for a price that is another is not told. -#}
{% macro changed_promotion_performance() -%}
    {% for name in ['sale_lines', 'promotion_earnings', 'purchases'] -%}
        {{ told(name, 'business_date+store_id') }}
        union all
    {% endfor -%}
    {{ told('returned_lines', 'sold_date+store_id') }}
    union all
    select distinct {{ key_of('sold_date+store_id', 'lines') }}
    from {{ ref('promoted_lines') }} as lines
    where lines.sold_date > {{ built_date() }}
    union all
    select distinct {{ key_of('sold_date+store_id', 'lines') }}
    from {{ ref('promoted_lines') }} as lines
    where {{ was_told('lines.product_id', 'products', 'product_id') }}
    union all
    select distinct {{ key_of('sold_date+store_id', 'lines') }}
    from {{ ref('promoted_lines') }} as lines
    where {{ was_told('lines.promotion_id', 'promotions', 'promotion_id') }}
    union all
    select distinct {{ key_of('sold_date+store_id', 'lines') }}
    from {{ ref('promoted_lines') }} as lines
    inner join {{ ref('promotions') }} as promotions on lines.promotion_id = promotions.promotion_id
    where promotions.discount_ratio = 1
{%- endmacro %}
