{% macro changed_delivered_last_purchases() -%}
    {{ told('purchases', 'customer_id') }}
    union all
    {{ told('customers', 'customer_id') }}
{%- endmacro %}
