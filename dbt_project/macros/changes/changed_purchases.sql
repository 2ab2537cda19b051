{% macro changed_purchases() -%}
    {{ told('sales', 'customer_id') }}
    union all
    {{ told('sale_lines', 'customer_id') }}
    union all
    select sales.customer_id
    from {{ ref('sales') }} as sales
    where sales.transaction_id in ({{ told('sale_returns', 'original_transaction_id') }})
    union all
    select sales.customer_id
    from {{ ref('sales') }} as sales
    inner join {{ ref('as_of') }} as as_of on sales.business_date <= as_of.business_date
    where sales.business_date > {{ built_date() }}
{%- endmacro %}
