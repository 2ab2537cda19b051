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
        promotion_id,
        count(distinct transaction_id) filter (where not is_return) as transaction_count,
        count(distinct customer_id) filter (where not is_return) as customer_count,
        count(distinct store_id) as store_count,
        sum(quantity) as unit_count,
        sum(line_amount) as net_amount
    from {{ ref('promoted_lines') }}
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
        coalesce(sold.store_count, 0) as store_count,
        cast(coalesce(sold.unit_count, 0) as numeric(24, 4)) as unit_count,
        cast(coalesce(sold.net_amount, 0) as numeric(24, 4)) as net_amount,
        cast(coalesce(points.issued_points, 0) as bigint) as issued_points,
        promotions.start_date,
        promotions.end_date
    from promotions
    cross join as_of
    left join sold on promotions.promotion_id = sold.promotion_id
    left join points on promotions.promotion_id = points.promotion_id
)

select * from final
