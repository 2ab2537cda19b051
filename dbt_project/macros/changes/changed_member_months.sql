{% macro changed_member_months() -%}
    {{ told('member_days', 'customer_id') }}
{%- endmacro %}
