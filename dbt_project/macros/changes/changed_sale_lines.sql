{% macro changed_sale_lines() -%}
    {{ told('sales', 'transaction_id') }}
    union all
    {{ told('accepted_lines', 'transaction_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ is_told('products', 'product_id') }}
        and stood.product_id in ({{ told('products', 'product_id') }})
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ is_told('promotions', 'promotion_id') }}
        and stood.promotion_id in ({{ told('promotions', 'promotion_id') }})
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ is_told('line_amount_limits', 'month') }}
        and cast(cast(date_trunc('month', stood.business_date) as date) as text)
        in ({{ told('line_amount_limits', 'month') }})
{%- endmacro %}
