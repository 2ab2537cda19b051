-- Where it is made anew and nobody has other points, it is no news to who reads it.
{{ config(tags=['accounts'], post_hook="{{ record_accounts() }}", is_compared=true) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

movements as (
    select
        customer_id,
        sum(points) as balance,
        sum(points) filter (where entry_type = 'OPENING') as opening_points,
        sum(points) filter (where entry_type = 'EARN') as earned_points,
        sum(points) filter (where entry_type = 'BONUS') as bonus_points,
        -sum(points) filter (where entry_type = 'REDEEM') as redeemed_points,
        -sum(points) filter (where entry_type = 'EXPIRE') as expired_points,
        -sum(points) filter (where entry_type = 'REVERSE') as reversed_points,
        sum(points) filter (where entry_type = 'REFUND') as refunded_points,
        sum(points) filter (where entry_type = 'ADJUST') as adjusted_points,
        -coalesce(sum(points) filter (where lot_id is null), 0) - sum(repaid_points) as debt_points,
        max(business_date) as last_entry_date
    from {{ ref('points_ledger') }}
    where {{ of_changed('customer_id') }}
    group by customer_id
),

remaining as (
    select
        customer_id,
        sum(remaining_points) as points,
        coalesce(sum(remaining_points) filter (where is_pending), 0) as pending_points,
        min(valid_through) as next_expiry_date
    from {{ ref('points_lots') }}
    where remaining_points > 0 and {{ of_changed('customer_id') }}
    group by customer_id
),

expiring as (
    select
        lots.customer_id,
        sum(lots.remaining_points) as points
    from {{ ref('points_lots') }} as lots
    inner join remaining
        on
            lots.customer_id = remaining.customer_id
            and lots.valid_through = remaining.next_expiry_date
    where lots.remaining_points > 0
    group by lots.customer_id
),

changed as (
    select
        customers.customer_id,
        cast(
            coalesce(remaining.points - remaining.pending_points, 0) as bigint
        ) as available_points,
        cast(coalesce(remaining.pending_points, 0) as bigint) as pending_points,
        cast(coalesce(movements.debt_points, 0) as bigint) as debt_points,
        cast(coalesce(movements.balance, 0) as bigint) as balance,
        cast(coalesce(movements.opening_points, 0) as bigint) as opening_points,
        cast(coalesce(movements.earned_points, 0) as bigint) as earned_points,
        cast(coalesce(movements.bonus_points, 0) as bigint) as bonus_points,
        cast(coalesce(movements.redeemed_points, 0) as bigint) as redeemed_points,
        cast(coalesce(movements.expired_points, 0) as bigint) as expired_points,
        cast(coalesce(movements.reversed_points, 0) as bigint) as reversed_points,
        cast(coalesce(movements.refunded_points, 0) as bigint) as refunded_points,
        cast(coalesce(movements.adjusted_points, 0) as bigint) as adjusted_points,
        cast(coalesce(expiring.points, 0) as bigint) as next_expiry_points,
        remaining.next_expiry_date,
        movements.last_entry_date,
        as_of.business_date
    from {{ ref('customers') }} as customers
    cross join as_of
    left join movements on customers.customer_id = movements.customer_id
    left join remaining on customers.customer_id = remaining.customer_id
    left join expiring on customers.customer_id = expiring.customer_id
    where {{ of_changed('customers.customer_id') }}
),

-- All others are as they were, a day later.
kept as (
    select
        balances.*,
        as_of.business_date
    from {{ standing_rows(
        'points_balances',
        {
            'customer_id': 'text',
            'available_points': 'bigint',
            'pending_points': 'bigint',
            'debt_points': 'bigint',
            'balance': 'bigint',
            'opening_points': 'bigint',
            'earned_points': 'bigint',
            'bonus_points': 'bigint',
            'redeemed_points': 'bigint',
            'expired_points': 'bigint',
            'reversed_points': 'bigint',
            'refunded_points': 'bigint',
            'adjusted_points': 'bigint',
            'next_expiry_points': 'bigint',
            'next_expiry_date': 'date',
            'last_entry_date': 'date',
        }
    ) }} as balances
    cross join as_of
    where not {{ of_changed('balances.customer_id') }}
),

final as (
    select * from changed
    union all
    select * from kept
)

select * from final
