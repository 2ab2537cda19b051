with

movements as (
    select
        customer_id,
        cast(sum(points) as bigint) as balance,
        cast(sum(points) filter (where entry_type = 'OPENING') as bigint) as opening_points,
        cast(sum(points) filter (where entry_type = 'EARN') as bigint) as earned_points,
        cast(sum(points) filter (where entry_type = 'BONUS') as bigint) as bonus_points,
        cast(-sum(points) filter (where entry_type = 'REDEEM') as bigint) as redeemed_points,
        cast(-sum(points) filter (where entry_type = 'REVERSE') as bigint) as reversed_points,
        cast(sum(points) filter (where entry_type = 'ADJUST') as bigint) as adjusted_points,
        max(business_date) as last_entry_date
    from {{ ref('points_ledger') }}
    group by customer_id
),

final as (
    select
        customers.customer_id,
        coalesce(greatest(movements.balance, 0), 0) as available_points,
        coalesce(greatest(-movements.balance, 0), 0) as debt_points,
        coalesce(movements.balance, 0) as balance,
        coalesce(movements.opening_points, 0) as opening_points,
        coalesce(movements.earned_points, 0) as earned_points,
        coalesce(movements.bonus_points, 0) as bonus_points,
        coalesce(movements.redeemed_points, 0) as redeemed_points,
        coalesce(movements.reversed_points, 0) as reversed_points,
        coalesce(movements.adjusted_points, 0) as adjusted_points,
        movements.last_entry_date
    from {{ ref('customers') }} as customers
    left join movements on customers.customer_id = movements.customer_id
)

select * from final
