-- A day with stock but without sales is there, too: that is how a lack of stock shows.
{{ config(
    materialized='by_key', key='business_date+product_id',
    follows=['sale_lines', 'store_inventory', 'as_of'], tells_rows=true
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sold as (
    select
        sale_lines.business_date,
        sale_lines.product_id,
        sum(sale_lines.quantity) filter (where not sale_lines.is_return) as unit_count,
        -sum(sale_lines.quantity) filter (where sale_lines.is_return) as returned_unit_count,
        sum(sale_lines.line_amount) as net_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    where {{ of_changed_pairs('sale_lines.business_date', 'sale_lines.product_id') }}
    group by sale_lines.business_date, sale_lines.product_id
),

stocked as (
    select
        store_inventory.inventory_date as business_date,
        store_inventory.product_id,
        sum(greatest(store_inventory.stock_on_hand, 0)) as stock_on_hand,
        count(*) as store_count,
        count(*) filter (where store_inventory.stock_on_hand <= 0) as store_out_of_stock_count
    from {{ ref('store_inventory') }} as store_inventory
    inner join as_of on store_inventory.inventory_date <= as_of.business_date
    where {{ of_changed_pairs('store_inventory.inventory_date', 'store_inventory.product_id') }}
    group by store_inventory.inventory_date, store_inventory.product_id
),

final as (
    select
        coalesce(sold.business_date, stocked.business_date) as business_date,
        coalesce(sold.product_id, stocked.product_id) as product_id,
        cast(coalesce(sold.unit_count, 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(abs(sold.returned_unit_count), 0) as numeric(24, 4)) as returned_unit_count,
        cast(coalesce(sold.net_amount, 0) as numeric(24, 4)) as net_amount,
        cast(stocked.stock_on_hand as numeric(24, 4)) as stock_on_hand,
        stocked.store_count,
        stocked.store_out_of_stock_count
    from sold
    full join stocked
        on
            sold.business_date = stocked.business_date
            and sold.product_id = stocked.product_id
)

select * from final
