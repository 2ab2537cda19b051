{#- Customers of whom a purchase, a return, points or the delivered date have changed; all of them where a
    month end is new: it gives each a row more. -#}
{% macro changed_state_measures() -%}
    {{ told('purchases', 'customer_id') }}
    union all
    select purchases.customer_id
    from {{ ref('purchases') }} as purchases
    where purchases.transaction_id in ({{ told('sale_returns', 'original_transaction_id') }})
    union all
    {{ told('points_ledger', 'customer_id') }}
    union all
    {{ told('delivered_last_purchases', 'customer_id') }}
    union all
    select purchases.customer_id
    from {{ ref('purchases') }} as purchases
    where
        exists (
            select from {{ ref('state_dates') }} as states
            where
                not states.is_current
                and states.state_date is distinct from (
                    select min(stood.state_date) from {{ this }} as stood
                    where stood.state_date >= states.state_date
                )
        )
{%- endmacro %}
