{% macro changed_sales() -%}
    {{ told('accepted_headers', 'transaction_id') }}
    union all
    {{ told('accepted_lines', 'transaction_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where {{ was_told('stood.store_id', 'stores', 'store_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where {{ was_told('stood.delivered_customer_id', 'customer_merges', 'customer_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        stood.delivered_customer_id is null
        and {{ was_told('stood.customer_phone', 'phone_owners', 'customer_phone') }}
{%- endmacro %}
