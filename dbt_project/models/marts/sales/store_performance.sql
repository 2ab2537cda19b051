with

as_of as (
    select business_date from {{ ref('as_of') }}
),

stores as (
    select
        store_id,
        store_label,
        store_region
    from {{ ref('store_details') }}
),

sold as (
    select
        days.store_id,
        sum(days.transaction_count) as transaction_count,
        sum(days.gross_amount) as gross_amount,
        sum(days.returned_amount) as returned_amount,
        sum(days.net_amount) as net_amount,
        sum(days.guest_net_amount) as guest_net_amount,
        sum(days.net_amount) filter (where days.business_date > as_of.business_date - 30)
            as recent_amount,
        sum(days.net_amount) filter (
            where days.business_date between as_of.business_date - 59 and as_of.business_date - 30
        ) as previous_amount
    from {{ ref('sales_daily') }} as days
    cross join as_of
    group by days.store_id
),

units as (
    select
        store_id,
        sum(unit_count) as unit_count
    from {{ ref('category_sales_daily') }}
    group by store_id
),

-- Told apart first, then counted: nothing has to be sorted.
visitors as (
    select distinct
        store_id,
        customer_id
    from {{ ref('member_days') }}
),

members as (
    select
        store_id,
        count(*) as member_count
    from visitors
    group by store_id
),

final as (
    select
        stores.store_id,
        stores.store_label,
        stores.store_region,
        rank() over (order by coalesce(sold.net_amount, 0) desc) as revenue_rank,
        cast(coalesce(sold.transaction_count, 0) as bigint) as transaction_count,
        coalesce(members.member_count, 0) as member_count,
        cast(coalesce(units.unit_count, 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sold.net_amount, 0) as numeric(24, 4)) as net_amount,
        cast(
            coalesce(sold.net_amount, 0)
            / nullif(sum(sold.net_amount) over (), 0) as numeric(18, 6)
        ) as revenue_ratio,
        cast(sold.gross_amount / nullif(sold.transaction_count, 0) as numeric(24, 4))
            as average_basket_amount,
        cast(1 - sold.guest_net_amount / nullif(sold.net_amount, 0) as numeric(18, 6))
            as member_ratio,
        cast(sold.returned_amount / nullif(sold.gross_amount, 0) as numeric(18, 6))
            as returned_ratio,
        cast(coalesce(sold.recent_amount, 0) as numeric(24, 4)) as recent_amount,
        cast(coalesce(sold.previous_amount, 0) as numeric(24, 4)) as previous_amount,
        cast(sold.recent_amount / nullif(sold.previous_amount, 0) - 1 as numeric(18, 6))
            as trend_ratio
    from stores
    left join sold on stores.store_id = sold.store_id
    left join units on stores.store_id = units.store_id
    left join members on stores.store_id = members.store_id
)

select * from final
