{% macro changed_product_daily() -%}
    {{ told_days(['sale_lines']) }}
    union all
    {{ told('store_inventory', 'inventory_date') }}
    union all
    select cast(stock.inventory_date as text)
    from {{ ref('store_inventory') }} as stock
    inner join {{ ref('as_of') }} as as_of on stock.inventory_date <= as_of.business_date
    where stock.inventory_date > {{ built_date() }}
{%- endmacro %}
