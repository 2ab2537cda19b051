with

as_of as (
    select business_date from {{ ref('as_of') }}
),

promotions as (
    select
        *,
        count(*) over (partition by promotion_name) as name_count
    from {{ ref('promotions') }}
),

-- Counted in steps: no group has to be sorted to tell different customers.
by_customer as (
    select
        promotion_id,
        customer_id,
        count(*) filter (where not is_return) as transaction_count,
        bool_or(is_first_purchase) as is_new,
        sum(unit_count) as unit_count,
        sum(net_amount) as net_amount
    from {{ ref('promoted_sales') }}
    group by promotion_id, customer_id
),

sold as (
    select
        promotion_id,
        sum(transaction_count) as transaction_count,
        count(customer_id) filter (where transaction_count > 0) as customer_count,
        count(customer_id) filter (where is_new) as new_customer_count,
        sum(unit_count) as unit_count,
        sum(net_amount) as net_amount
    from by_customer
    group by promotion_id
),

by_store as (
    select
        promotion_id,
        store_id
    from {{ ref('promoted_sales') }}
    group by promotion_id, store_id
),

stores as (
    select
        promotion_id,
        count(store_id) as store_count
    from by_store
    group by promotion_id
),

earned as (
    select
        promotion_id,
        sum(discount_amount) as discount_amount,
        sum(net_amount) filter (where margin_amount is not null) as costed_amount,
        sum(margin_amount) as margin_amount
    from {{ ref('promotion_performance') }}
    group by promotion_id
),

points as (
    select
        promotion_id,
        sum(points) filter (where entry_type in ('EARN', 'BONUS')) as issued_points
    from {{ ref('points_ledger') }}
    where promotion_id is not null
    group by promotion_id
),

final as (
    select
        promotions.promotion_id,
        case
            when promotions.promotion_name is null then promotions.promotion_id
            when promotions.name_count > 1
                then promotions.promotion_name || ' (' || promotions.promotion_id || ')'
            else promotions.promotion_name
        end as promotion_label,
        promotions.applicable_category,
        promotions.channel,
        promotions.offer_type,
        case
            when promotions.start_date > as_of.business_date then 'coming'
            when promotions.end_date < as_of.business_date then 'over'
            else 'running'
        end as state,
        cast(promotions.discount_ratio as numeric(9, 6)) as discount_ratio,
        cast(promotions.cost_amount as numeric(24, 4)) as cost_amount,
        cast(coalesce(sold.transaction_count, 0) as bigint) as transaction_count,
        coalesce(sold.customer_count, 0) as customer_count,
        coalesce(sold.new_customer_count, 0) as new_customer_count,
        coalesce(stores.store_count, 0) as store_count,
        cast(coalesce(sold.unit_count, 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sold.net_amount, 0) as numeric(24, 4)) as net_amount,
        cast(coalesce(earned.discount_amount, 0) as numeric(24, 4)) as discount_amount,
        cast(earned.margin_amount as numeric(24, 4)) as margin_amount,
        cast(earned.costed_amount / nullif(sold.net_amount, 0) as numeric(24, 6)) as costed_ratio,
        cast(coalesce(points.issued_points, 0) as bigint) as issued_points,
        promotions.start_date,
        promotions.end_date
    from promotions
    cross join as_of
    left join sold on promotions.promotion_id = sold.promotion_id
    left join stores on promotions.promotion_id = stores.promotion_id
    left join earned on promotions.promotion_id = earned.promotion_id
    left join points on promotions.promotion_id = points.promotion_id
)

select * from final
