{% macro changed_sales_daily() -%}
    {{ told_pairs(['sales'], 'business_date+store_id') }}
    union all
    select {{ key_of('business_date+store_id', 'sales') }}
    from {{ ref('sales') }} as sales
    where sales.transaction_id in ({{ told('points_ledger', 'transaction_id') }})
{%- endmacro %}
