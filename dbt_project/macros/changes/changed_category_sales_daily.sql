{% macro changed_category_sales_daily() -%}
    {{ told_days(['sale_lines']) }}
{%- endmacro %}


{% macro changed_category_daily() -%}
    {{ told('category_sales_daily', 'business_date') }}
{%- endmacro %}
