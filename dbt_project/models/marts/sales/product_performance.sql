with

as_of as (
    select business_date from {{ ref('as_of') }}
),

products as (
    select
        product_id,
        product_name,
        product_category,
        brand,
        unit_price
    from {{ ref('products') }}
),

sold as (
    select
        product_id,
        unit_count,
        returned_unit_count,
        net_amount,
        out_of_stock_count,
        stocked_count
    from {{ ref('product_sums') }}
),

lately as (
    select
        days.product_id,
        sum(days.net_amount) filter (where days.business_date > as_of.business_date - 30)
            as recent_amount,
        sum(days.net_amount) filter (where days.business_date <= as_of.business_date - 30)
            as previous_amount
    from {{ ref('product_daily') }} as days
    inner join as_of
        on days.business_date between as_of.business_date - 59 and as_of.business_date
    group by days.product_id
),

counted as (
    select distinct on (product_id)
        product_id,
        stock_on_hand
    from {{ ref('product_daily') }}
    where stock_on_hand is not null
    order by product_id asc, business_date desc
),

final as (
    select
        products.product_id,
        coalesce(products.product_name, products.product_id) as product_name,
        products.product_category,
        products.brand,
        cast(products.unit_price as numeric(18, 4)) as unit_price,
        rank() over (order by coalesce(sold.net_amount, 0) desc) as revenue_rank,
        rank() over (
            partition by products.product_category order by coalesce(sold.net_amount, 0) desc
        ) as category_rank,
        cast(coalesce(sold.unit_count, 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sold.net_amount, 0) as numeric(24, 4)) as net_amount,
        cast(
            coalesce(sold.net_amount, 0) / nullif(sum(sold.net_amount) over (), 0)
            as numeric(18, 6)
        ) as revenue_ratio,
        cast(
            coalesce(sold.net_amount, 0) / nullif(
                sum(sold.net_amount) over (partition by products.product_category), 0
            ) as numeric(18, 6)
        ) as category_ratio,
        cast(sold.returned_unit_count / nullif(sold.unit_count, 0) as numeric(18, 6))
            as returned_ratio,
        cast(coalesce(lately.recent_amount, 0) as numeric(24, 4)) as recent_amount,
        cast(coalesce(lately.previous_amount, 0) as numeric(24, 4)) as previous_amount,
        cast(lately.recent_amount / nullif(lately.previous_amount, 0) - 1 as numeric(18, 6))
            as trend_ratio,
        cast(counted.stock_on_hand as numeric(24, 4)) as stock_on_hand,
        cast(sold.out_of_stock_count / nullif(sold.stocked_count, 0) as numeric(18, 6))
            as out_of_stock_ratio
    from products
    left join sold on products.product_id = sold.product_id
    left join lately on products.product_id = lately.product_id
    left join counted on products.product_id = counted.product_id
)

select * from final
