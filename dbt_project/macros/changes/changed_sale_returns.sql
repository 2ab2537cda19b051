{#- Sales that something was brought back of, or is no more: the return, its lines, its match or the sale
    itself has changed. -#}
{% macro changed_sale_returns() -%}
    {{ told('sales', 'transaction_id') }}
    union all
    {{ told('return_matches', 'original_transaction_id') }}
    union all
    select sales.original_transaction_id
    from {{ ref('sales') }} as sales
    where
        sales.is_return
        and sales.transaction_id in (
            {{ told('sales', 'transaction_id') }}
            union all
            {{ told('sale_lines', 'transaction_id') }}
        )
    union all
    select stood.original_transaction_id from {{ this }} as stood
    where stood.return_transaction_id in (
        {{ told('sales', 'transaction_id') }}
        union all
        {{ told('sale_lines', 'transaction_id') }}
    )
{%- endmacro %}
