{% macro changed_member_days() -%}
    {{ told('purchases', 'customer_id') }}
{%- endmacro %}
