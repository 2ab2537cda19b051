{#- Dates and customers of sales that have changed, of whose lines or returns one has, and that have come. -#}
{% macro changed_purchases() -%}
    {{ told('sales', 'business_date+customer_id') }}
    union all
    select {{ key_of('business_date+customer_id', 'sales') }}
    from {{ ref('sales') }} as sales
    where
        sales.transaction_id in (
            {{ told('sale_lines', 'transaction_id') }}
            union all
            {{ told('sale_returns', 'original_transaction_id') }}
            union all
            select sale_returns.original_transaction_id
            from {{ ref('sale_returns') }} as sale_returns
            inner join {{ ref('as_of') }} as as_of
                on sale_returns.business_date <= as_of.business_date
            where sale_returns.business_date > {{ built_date() }}
        )
    union all
    select {{ key_of('business_date+customer_id', 'sales') }}
    from {{ ref('sales') }} as sales
    inner join {{ ref('as_of') }} as as_of on sales.business_date <= as_of.business_date
    where sales.business_date > {{ built_date() }}
{%- endmacro %}


{#- A query of the sales that are read, for their lines. As an array, for they are few: an index finds them. -#}
{% macro those_sold() -%}
    select unnest(array(select sold.transaction_id from sold))
{%- endmacro %}


{#- For a CTE: of each customer the last purchase that stands before those to build. -#}
{% macro and_earlier_purchases() -%}
    union all
    select
        changed_keys.key as customer_id,
        stood.purchase_number,
        stood.business_date
    from changed_keys
    cross join lateral (
        select
            before.purchase_number,
            before.business_date
        from {{ this }} as before
        where
            before.customer_id = changed_keys.key
            and before.business_date < changed_keys.since
            and before.has_merchandise
        order by before.business_date desc, before.purchase_number desc
        limit 1
    ) as stood
{%- endmacro %}
