{% macro changed_customer_habits() -%}
    {{ told('member_days', 'customer_id') }}
{%- endmacro %}
