-- Invariant 6, per customer: the balance counted from ledger and lots, and from what made it.
{{ config(tags=['daily']) }}
with

points_balances as (
    select * from {{ ref('points_balances') }}
),

ledger as (
    select
        customer_id,
        sum(points) as points,
        -coalesce(sum(points) filter (where lot_id is null), 0) - sum(repaid_points) as debt_points
    from {{ ref('points_ledger') }}
    group by customer_id
),

lots as (
    select
        customer_id,
        sum(remaining_points) as points
    from {{ ref('points_lots') }}
    group by customer_id
)

select
    coalesce(points_balances.customer_id, ledger.customer_id) as customer_id,
    points_balances.balance,
    ledger.points as ledger_points,
    lots.points as lot_points,
    ledger.debt_points
from points_balances
full join ledger on points_balances.customer_id = ledger.customer_id
left join lots on points_balances.customer_id = lots.customer_id
where
    points_balances.balance is distinct from coalesce(ledger.points, 0)
    or points_balances.balance <> coalesce(lots.points, 0) - coalesce(ledger.debt_points, 0)
    or points_balances.balance
    <> points_balances.available_points
    + points_balances.pending_points
    - points_balances.debt_points
    or points_balances.balance
    <> points_balances.opening_points
    + points_balances.earned_points
    + points_balances.bonus_points
    + points_balances.adjusted_points
    + points_balances.refunded_points
    - points_balances.redeemed_points
    - points_balances.expired_points
    - points_balances.reversed_points
    or points_balances.debt_points < 0
    or least(points_balances.available_points, points_balances.debt_points) <> 0
