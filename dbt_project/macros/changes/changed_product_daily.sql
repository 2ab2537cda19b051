{% macro changed_product_daily() -%}
    {{ told_pairs(['sale_lines'], 'business_date+product_id') }}
    union all
    {{ told('store_inventory', 'inventory_date+product_id') }}
    union all
    select distinct {{ key_of('inventory_date+product_id', 'stock') }}
    from {{ ref('store_inventory') }} as stock
    inner join {{ ref('as_of') }} as as_of on stock.inventory_date <= as_of.business_date
    where stock.inventory_date > {{ built_date() }}
{%- endmacro %}
