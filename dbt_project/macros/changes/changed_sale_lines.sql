{% macro changed_sale_lines() -%}
    {{ told('sales', 'transaction_id') }}
    union all
    {{ told('accepted_lines', 'transaction_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where {{ was_told('stood.product_id', 'products', 'product_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where {{ was_told('stood.promotion_id', 'promotions', 'promotion_id') }}
    union all
    select stood.transaction_id from {{ this }} as stood
    where
        {{ was_told(
            "cast(cast(date_trunc('month', stood.business_date) as date) as text)", 'line_amount_limits', 'month'
        ) }}
{%- endmacro %}
