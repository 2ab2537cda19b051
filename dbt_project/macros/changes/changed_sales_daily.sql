{% macro changed_sales_daily() -%}
    {{ told_days(['sales']) }}
    union all
    select cast(sales.business_date as text)
    from {{ ref('sales') }} as sales
    where sales.transaction_id in ({{ told('points_ledger', 'transaction_id') }})
{%- endmacro %}
