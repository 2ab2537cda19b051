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

sold as (
    select
        lines.promotion_id,
        count(distinct lines.transaction_id) filter (where not lines.is_return)
            as transaction_count,
        count(distinct lines.customer_id) filter (where not lines.is_return) as customer_count,
        count(distinct lines.customer_id) filter (
            where not lines.is_return and purchases.purchase_number = 1
        ) as new_customer_count,
        count(distinct lines.store_id) as store_count,
        sum(lines.quantity) as unit_count,
        sum(lines.line_amount) as net_amount
    from {{ ref('promoted_lines') }} as lines
    left join {{ ref('purchases') }} as purchases
        on lines.transaction_id = purchases.transaction_id
    group by lines.promotion_id
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
        coalesce(sold.transaction_count, 0) as transaction_count,
        coalesce(sold.customer_count, 0) as customer_count,
        coalesce(sold.new_customer_count, 0) as new_customer_count,
        coalesce(sold.store_count, 0) as store_count,
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
    left join earned on promotions.promotion_id = earned.promotion_id
    left join points on promotions.promotion_id = points.promotion_id
)

select * from final
