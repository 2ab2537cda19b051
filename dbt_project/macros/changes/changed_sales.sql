{% macro changed_sales() -%}
    {{ told('accepted_headers', 'transaction_id') }}
    union all
    {{ told('accepted_lines', 'transaction_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ is_told('stores', 'store_id') }}
        and stood.store_id in ({{ told('stores', 'store_id') }})
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ is_told('customer_merges', 'customer_id') }}
        and stood.delivered_customer_id in ({{ told('customer_merges', 'customer_id') }})
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ is_told('phone_owners', 'customer_phone') }}
        and stood.delivered_customer_id is null
        and stood.customer_phone in ({{ told('phone_owners', 'customer_phone') }})
{%- endmacro %}
