{#- Returns that have changed or come, whose sale has, or whose match has. -#}
{% macro changed_returned_lines() -%}
    {%- set changed -%}
        {{ told('sales', 'transaction_id') }}
        union all
        {{ told('sale_lines', 'transaction_id') }}
    {%- endset -%}
    {{ changed }}
    union all
    {{ told('return_matches', 'return_transaction_id') }}
    union all
    select sales.transaction_id
    from {{ ref('sales') }} as sales
    where sales.original_transaction_id in ({{ changed }})
    union all
    select stood.transaction_id from {{ this }} as stood
    where stood.sale_transaction_id in ({{ changed }})
    union all
    select sales.transaction_id
    from {{ ref('sales') }} as sales
    inner join {{ ref('as_of') }} as as_of on sales.business_date <= as_of.business_date
    where sales.is_return and sales.business_date > {{ built_date() }}
{%- endmacro %}
