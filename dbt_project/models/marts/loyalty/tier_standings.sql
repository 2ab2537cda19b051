-- Where a customer stands today: the tier held, the one that today's spend reaches (what it comes
-- to once floor and grace are over), and the way to the next.
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

lowest as (
    select
        tier,
        tier_rank
    from {{ ref('loyalty_tiers') }}
    order by tier_rank
    limit 1
),

held as (
    select
        customer_id,
        tier,
        tier_rank,
        valid_from
    from {{ ref('tier_history') }}
    where is_current
),

spent as (
    select
        purchases.customer_id,
        sum(purchases.net_amount) as spend_amount
    from {{ ref('purchases') }} as purchases
    inner join as_of
        on
            purchases.business_date > as_of.business_date - {{ var('tier_window_days') }}
            and purchases.business_date <= as_of.business_date
    where purchases.has_merchandise
    group by purchases.customer_id
),

delivered as (
    select
        customers.customer_id,
        customers.loyalty_status,
        loyalty_tiers.tier_rank
    from {{ ref('customers') }} as customers
    left join {{ ref('loyalty_tiers') }} as loyalty_tiers
        on {{ names_tier('customers.loyalty_status') }}
),

standings as (
    select
        delivered.customer_id,
        coalesce(held.tier, lowest.tier) as tier,
        coalesce(held.tier_rank, lowest.tier_rank) as tier_rank,
        held.valid_from as tier_since,
        coalesce(spent.spend_amount, 0) as spend_amount,
        delivered.loyalty_status as delivered_status,
        delivered.tier_rank as delivered_rank,
        as_of.business_date
    from delivered
    cross join as_of
    cross join lowest
    left join held on delivered.customer_id = held.customer_id
    left join spent on delivered.customer_id = spent.customer_id
),

reached as (
    select
        standings.*,
        loyalty_tiers.tier as projected_tier,
        loyalty_tiers.tier_rank as projected_rank
    from standings
    inner join {{ ref('loyalty_tiers') }} as loyalty_tiers
        on
            standings.spend_amount >= loyalty_tiers.min_spend_amount
            and not exists (
                select 1 as is_reached
                from {{ ref('loyalty_tiers') }} as higher
                where
                    higher.tier_rank > loyalty_tiers.tier_rank
                    and standings.spend_amount >= higher.min_spend_amount
            )
),

final as (
    select
        reached.customer_id,
        reached.tier,
        reached.tier_rank,
        reached.projected_tier,
        next_tiers.tier as next_tier,
        reached.delivered_status,
        case
            when reached.delivered_status is null then 'not delivered'
            when reached.delivered_rank is null then 'no tier of the programme'
            when reached.delivered_rank = reached.tier_rank then 'same'
            when reached.tier_rank < reached.delivered_rank then 'spend below the delivered tier'
            when reached.tier_rank > reached.projected_rank then 'held from earlier spend or status'
            else 'spend above the delivered tier'
        end as compared_with_delivered,
        cast(reached.spend_amount as numeric(24, 4)) as spend_amount,
        cast(next_tiers.min_spend_amount - reached.spend_amount as numeric(24, 4))
            as spend_to_next_tier_amount,
        reached.tier_since,
        reached.business_date
    from reached
    left join {{ ref('loyalty_tiers') }} as next_tiers
        on reached.tier_rank + 1 = next_tiers.tier_rank
)

select * from final
