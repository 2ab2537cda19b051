-- What an empty shelf may have cost, of the products that sell best in each store. Days on which
-- the store did not count a product say nothing of it, and are left out.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

counts as (
    select
        store_inventory.inventory_date as business_date,
        store_inventory.store_id,
        store_inventory.product_id,
        store_inventory.stock_on_hand,
        store_inventory.stock_on_hand <= 0 as is_out
    from {{ ref('store_inventory') }} as store_inventory
    inner join as_of on store_inventory.inventory_date <= as_of.business_date
),

counted as (
    select
        store_id,
        product_id
    from counts
    group by store_id, product_id
),

sold as (
    select
        sale_lines.business_date,
        sale_lines.store_id,
        sale_lines.product_id,
        sum(sale_lines.quantity) as unit_count,
        sum(sale_lines.line_amount) as gross_amount
    from {{ ref('sale_lines') }} as sale_lines
    inner join as_of on sale_lines.business_date <= as_of.business_date
    inner join counted
        on
            sale_lines.store_id = counted.store_id
            and sale_lines.product_id = counted.product_id
    where not sale_lines.is_return
    group by sale_lines.business_date, sale_lines.store_id, sale_lines.product_id
),

totals as (
    select
        store_id,
        product_id,
        sum(unit_count) as unit_count,
        sum(gross_amount) as gross_amount
    from sold
    group by store_id, product_id
),

ranked as (
    select
        store_id,
        product_id,
        unit_count,
        gross_amount,
        row_number() over (
            partition by store_id order by unit_count desc, product_id collate "C"
        ) as unit_rank
    from totals
),

top_products as (
    select * from ranked
    where unit_rank <= {{ var('inventory_top_products') }}
),

days as (
    select
        counts.store_id,
        counts.product_id,
        counts.business_date,
        extract(isodow from counts.business_date) as weekday,
        counts.stock_on_hand,
        counts.is_out,
        coalesce(sold.unit_count, 0) as unit_count
    from counts
    inner join top_products
        on
            counts.store_id = top_products.store_id
            and counts.product_id = top_products.product_id
    left join sold
        on
            counts.business_date = sold.business_date
            and counts.store_id = sold.store_id
            and counts.product_id = sold.product_id
),

-- Demand is what sold on the days of that weekday on which there was something to sell; of all such
-- days where the weekday has none.
expected as (
    select
        *,
        coalesce(
            avg(unit_count) filter (where not is_out) over (
                partition by store_id, product_id, weekday
            ),
            avg(unit_count) filter (where not is_out) over (partition by store_id, product_id)
        ) as expected_count
    from days
),

measured as (
    select
        store_id,
        product_id,
        count(*) as counted_days,
        count(*) filter (where is_out) as out_of_stock_days,
        case
            when bool_or(not is_out)
                then coalesce(
                    sum(greatest(expected_count - unit_count, 0)) filter (where is_out), 0
                )
        end as lost_unit_count,
        corr(cast(stock_on_hand as double precision), cast(unit_count as double precision))
            as stock_correlation,
        min(business_date) as first_counted_date,
        max(business_date) as last_counted_date
    from expected
    group by store_id, product_id
),

products as (
    select
        product_id,
        product_name
    from {{ ref('products') }}
),

final as (
    select
        top_products.store_id,
        top_products.product_id,
        coalesce(products.product_name, top_products.product_id) as product_name,
        top_products.unit_rank,
        cast(top_products.unit_count as numeric(24, 4)) as unit_count,
        measured.counted_days,
        measured.out_of_stock_days,
        cast(
            cast(measured.out_of_stock_days as numeric) / measured.counted_days as numeric(18, 6)
        ) as out_of_stock_ratio,
        cast(measured.lost_unit_count as numeric(24, 4)) as lost_unit_count,
        cast(
            measured.lost_unit_count * top_products.gross_amount
            / nullif(top_products.unit_count, 0) as numeric(24, 4)
        ) as lost_amount,
        cast(measured.stock_correlation as numeric(9, 4)) as stock_correlation,
        measured.first_counted_date,
        measured.last_counted_date
    from top_products
    inner join measured
        on
            top_products.store_id = measured.store_id
            and top_products.product_id = measured.product_id
    left join products on top_products.product_id = products.product_id
)

select * from final
