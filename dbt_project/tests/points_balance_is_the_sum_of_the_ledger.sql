-- Invariant 6, per customer, counted from the ledger a second time.
{{ config(tags=['daily']) }}
with

points_balances as (
    select * from {{ ref('points_balances') }}
),

ledger as (
    select
        customer_id,
        sum(points) as points
    from {{ ref('points_ledger') }}
    group by customer_id
)

select
    coalesce(points_balances.customer_id, ledger.customer_id) as customer_id,
    points_balances.balance,
    ledger.points
from points_balances
full join ledger on points_balances.customer_id = ledger.customer_id
where
    points_balances.balance is distinct from coalesce(ledger.points, 0)
    or points_balances.balance
    <> points_balances.opening_points
    + points_balances.earned_points
    + points_balances.bonus_points
    + points_balances.adjusted_points
    - points_balances.redeemed_points
    - points_balances.reversed_points
    or points_balances.balance <> points_balances.available_points - points_balances.debt_points
    or least(points_balances.available_points, points_balances.debt_points) <> 0
