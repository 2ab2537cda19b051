{#- Days and stores of lines, of sales that something came back of, and of purchases that may be another's first. -#}
{% macro changed_promoted_sales() -%}
    {{ told('sale_lines', 'business_date+store_id') }}
    union all
    {{ told('purchases', 'business_date+store_id') }}
    union all
    {{ told('returned_lines', 'sold_date+store_id') }}
    union all
    select distinct {{ key_of('sold_date+store_id', 'lines') }}
    from {{ ref('promoted_lines') }} as lines
    where lines.sold_date > {{ built_date() }}
{%- endmacro %}
