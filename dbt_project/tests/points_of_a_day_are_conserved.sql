-- Opening plus movements is closing, per tier; over all tiers it is the sum of the ledger.
with

tiers as (
    select
        tier,
        (array_agg(closing_balance order by business_date desc))[1] as closing_balance,
        sum(net_points) as net_points
    from {{ ref('points_daily') }}
    group by tier
),

ledger as (
    select coalesce(sum(points), 0) as points from {{ ref('points_ledger') }}
)

select
    tier,
    closing_balance,
    net_points
from tiers
where closing_balance <> net_points
union all
select
    'all' as tier,
    sum(tiers.closing_balance) as closing_balance,
    min(ledger.points) as net_points
from tiers
cross join ledger
having coalesce(sum(tiers.closing_balance), 0) <> min(ledger.points)
union all
select
    'moved' as tier,
    sum(tier_moved_points) as closing_balance,
    0 as net_points
from {{ ref('points_daily') }}
having sum(tier_moved_points) <> 0
