{#- A store's region is that of all its days. -#}
{% macro changed_payment_flows() -%}
    {{ told_days(['sales', 'sale_lines']) }}
    union all
    select cast(sales.business_date as text)
    from {{ ref('sales') }} as sales
    where {{ was_told('sales.store_id', 'stores', 'store_id') }}
{%- endmacro %}
