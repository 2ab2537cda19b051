-- What was sold under a promotion, on the day of the sale, less what went back later; whether it
-- would have been sold without it is the question of promotion_uplift.
{{ config(
    materialized='by_key', key='business_date+store_id',
    follows=[
        'sale_lines', 'returned_lines', 'promotion_earnings', 'purchases', 'products', 'promotions',
        'as_of'
    ]
) }}
with

lines as (
    select * from {{ ref('promoted_lines') }}
    where {{ of_changed_pairs('sold_date', 'store_id') }}
),

-- A promotion's points of a purchase are shared by amount; the shares add up to them.
earnings as (
    select
        transaction_id,
        promotion_id,
        sum(base_points + bonus_points) as points
    from {{ ref('promotion_earnings') }}
    where {{ of_changed_pairs('business_date', 'store_id') }}
    group by transaction_id, promotion_id
),

running as (
    select
        lines.transaction_id,
        lines.line_item_id,
        lines.promotion_id,
        earnings.points,
        lines.line_amount,
        sum(lines.line_amount) over purchase_lines as amount_to_here,
        sum(lines.line_amount) over (
            partition by lines.transaction_id, lines.promotion_id
        ) as amount
    from lines
    inner join earnings
        on
            lines.transaction_id = earnings.transaction_id
            and lines.promotion_id = earnings.promotion_id
    where not lines.is_return and lines.is_merchandise and lines.line_amount > 0
    window purchase_lines as (
        partition by lines.transaction_id, lines.promotion_id
        order by lines.line_item_id collate "C"
    )
),

line_points as (
    select
        transaction_id,
        line_item_id,
        promotion_id,
        round(points * amount_to_here / amount)
        - round(points * (amount_to_here - line_amount) / amount) as points
    from running
),

first_purchases as (
    select transaction_id from {{ ref('purchases') }}
    where purchase_number = 1 and {{ of_changed_pairs('business_date', 'store_id') }}
),

valued as (
    select
        lines.*,
        products.unit_cost,
        line_points.points,
        first_purchases.transaction_id is not null as is_first_purchase,
        -- What was taken off the price: paid = price x (1 - discount).
        case
            when promotions.discount_ratio < 1
                then lines.line_amount * promotions.discount_ratio / (1 - promotions.discount_ratio)
            when promotions.discount_ratio = 1 then lines.quantity * products.unit_price
        end as discount_amount
    from lines
    inner join {{ ref('promotions') }} as promotions
        on lines.promotion_id = promotions.promotion_id
    left join {{ ref('products') }} as products on lines.product_id = products.product_id
    left join line_points
        on
            lines.transaction_id = line_points.transaction_id
            and lines.line_item_id = line_points.line_item_id
            and lines.promotion_id = line_points.promotion_id
            and not lines.is_return
    left join first_purchases
        on lines.transaction_id = first_purchases.transaction_id and not lines.is_return
),

-- Counted by sale, then by customer: no group has to be sorted to tell different ones.
by_sale as (
    select
        promotion_id,
        sold_date,
        store_id,
        product_category,
        product_id,
        case when not is_return then customer_id end as customer_id,
        case when not is_return then transaction_id end as transaction_id,
        bool_or(is_first_purchase) as is_first_purchase,
        sum(quantity) as unit_count,
        sum(discount_amount) as discount_amount,
        sum(line_amount) filter (where is_return) as returned_amount,
        sum(line_amount) as net_amount,
        sum(points) as points,
        max(unit_cost) as unit_cost
    from valued
    group by
        promotion_id,
        sold_date,
        store_id,
        product_category,
        product_id,
        case when not is_return then customer_id end,
        case when not is_return then transaction_id end
),

by_customer as (
    select
        promotion_id,
        sold_date,
        store_id,
        product_category,
        product_id,
        customer_id,
        count(transaction_id) as transaction_count,
        bool_or(is_first_purchase) as is_first_purchase,
        sum(unit_count) as unit_count,
        sum(discount_amount) as discount_amount,
        sum(returned_amount) as returned_amount,
        sum(net_amount) as net_amount,
        sum(points) as points,
        max(unit_cost) as unit_cost
    from by_sale
    group by promotion_id, sold_date, store_id, product_category, product_id, customer_id
),

final as (
    select
        promotion_id,
        sold_date as business_date,
        store_id,
        product_category,
        product_id,
        cast(sum(transaction_count) as bigint) as transaction_count,
        count(customer_id) as customer_count,
        count(customer_id) filter (where is_first_purchase) as new_customer_count,
        cast(coalesce(sum(unit_count), 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sum(discount_amount), 0) as numeric(24, 4)) as discount_amount,
        cast(coalesce(-sum(returned_amount), 0) as numeric(24, 4)) as returned_amount,
        cast(coalesce(sum(net_amount), 0) as numeric(24, 4)) as net_amount,
        cast(coalesce(sum(points), 0) as bigint) as issued_points,
        cast(sum(unit_count) * max(unit_cost) as numeric(24, 4)) as cost_amount,
        cast(
            sum(net_amount)
            - sum(unit_count) * max(unit_cost)
            - coalesce(sum(points), 0) * {{ setting('point_cost', 'LENS_POINT_COST', '0.01') }}
            as numeric(24, 4)
        ) as margin_amount
    from by_customer
    group by promotion_id, sold_date, store_id, product_category, product_id
)

select * from final
