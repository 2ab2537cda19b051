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


{#- A CTE of what the table knows of the lines of sales that are as they were: a changed customer has many more of
    these than others. -#}
{% macro kept_lines() -%}
    kept_lines as materialized (
        select
            transaction_id,
            line_count,
            has_merchandise,
            total_amount - merchandise_amount as other_amount
        from {{ this }}
        where
            customer_id in (select changed_keys.key from changed_keys)
            and transaction_id not in ({{ told('sales', 'transaction_id') }})
            and transaction_id not in ({{ told('sale_lines', 'transaction_id') }})
    ),
{%- endmacro %}


{% macro and_kept_lines() -%}
    union all
    select * from kept_lines
{%- endmacro %}


{#- A query of the other sales. As an array, for they are few: an index finds their lines. -#}
{% macro transactions_without_kept_lines() -%}
    select unnest(array(
        select sold.transaction_id from sold
        where sold.transaction_id not in (select kept_lines.transaction_id from kept_lines)
    ))
{%- endmacro %}
