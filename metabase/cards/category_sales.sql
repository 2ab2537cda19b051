-- Of all stores from their sums; of some stores one by one, added up before anything is joined.
category_days as (
    select
        business_date,
        product_category,
        unit_count,
        returned_amount,
        promoted_amount,
        net_amount
    from marts.category_daily
    where (select is_everything from scope)
    union all
    select
        business_date,
        product_category,
        sum(unit_count) as unit_count,
        sum(returned_amount) as returned_amount,
        sum(promoted_amount) as promoted_amount,
        sum(net_amount) as net_amount
    from marts.category_sales_daily
    where
        not (select is_everything from scope)
        and store_id in (select store_id from chosen_stores)
    group by business_date, product_category
),

sold as (
    select category_days.*
    from category_days
    where
        business_date in (
            select marts.calendar.business_date from marts.calendar
            where true [[and {{period}}]]
        )
        and product_category in (
            select marts.category_daily.product_category from marts.category_daily
            where true [[and {{category}}]]
        )
)
