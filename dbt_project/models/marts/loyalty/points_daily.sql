-- A view: points that come to light on a day of the past change the balance of all days since.
{{ config(materialized='view') }}
with

final as (
    select
        points_flows.business_date,
        points_flows.store_id,
        points_flows.tier,
        points_flows.opening_points,
        points_flows.issued_points,
        points_flows.redeemed_points,
        points_flows.expired_points,
        points_flows.reversed_points,
        points_flows.refunded_points,
        points_flows.adjusted_points,
        points_flows.tier_moved_points,
        points_flows.net_points,
        tier_balances.closing_balance
    from {{ ref('points_flows') }} as points_flows
    inner join {{ ref('tier_balances') }} as tier_balances
        on
            points_flows.business_date = tier_balances.business_date
            and points_flows.tier = tier_balances.tier
)

select * from final
