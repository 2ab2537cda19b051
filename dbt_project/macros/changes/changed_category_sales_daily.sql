{% macro changed_category_sales_daily() -%}
    {{ told_pairs(['sale_lines'], 'business_date+store_id') }}
{%- endmacro %}


{% macro changed_category_daily() -%}
    {{ told('category_sales_daily', 'business_date') }}
{%- endmacro %}
