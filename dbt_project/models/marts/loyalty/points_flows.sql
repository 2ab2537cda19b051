-- A customer who changes the tier takes the balance of the evening before along, on the first day.
{{ config(
    materialized='by_key', key='business_date+store_id', follows=['points_ledger', 'tier_history']
) }}
with

lowest as (
    select tier from {{ ref('loyalty_tiers') }}
    order by tier_rank
    limit 1
),

stretches as (
    select
        tier_history.customer_id,
        tier_history.tier,
        coalesce(
            lag(tier_history.tier) over (
                partition by tier_history.customer_id order by tier_history.valid_from
            ),
            lowest.tier
        ) as tier_before,
        tier_history.valid_from,
        tier_history.valid_to
    from {{ ref('tier_history') }} as tier_history
    cross join lowest
),

moved as (
    select
        stretches.customer_id,
        stretches.tier,
        stretches.tier_before,
        stretches.valid_from as business_date,
        sum(points_ledger.points) as points
    from stretches
    inner join {{ ref('points_ledger') }} as points_ledger
        on
            stretches.customer_id = points_ledger.customer_id
            and stretches.valid_from > points_ledger.business_date
    where
        stretches.tier <> stretches.tier_before
        and {{ of_changed_pairs('stretches.valid_from', "''") }}
    group by
        stretches.customer_id, stretches.tier, stretches.tier_before, stretches.valid_from
),

-- Those of a store by day and store: both are in one index.
entries as (
    select * from {{ ref('points_ledger') }}
    where store_id is not null and {{ of_changed_stores('business_date', 'store_id') }}
    union all
    select * from {{ ref('points_ledger') }}
    where store_id is null and {{ of_changed_days_alone('business_date') }}
),

movements as (
    select
        entries.business_date,
        entries.store_id,
        coalesce(stretches.tier, lowest.tier) as tier,
        entries.entry_type,
        entries.points
    from entries
    cross join lowest
    left join stretches
        on
            entries.customer_id = stretches.customer_id
            and entries.business_date >= stretches.valid_from
            and entries.business_date < coalesce(stretches.valid_to, 'infinity')
    union all
    select
        business_date,
        null as store_id,
        tier,
        'TIER' as entry_type,
        points
    from moved
    union all
    select
        business_date,
        null as store_id,
        tier_before as tier,
        'TIER' as entry_type,
        -points as points
    from moved
),

-- Many entries, few kinds of them: added up by kind first.
kinds as (
    select
        business_date,
        store_id,
        tier,
        entry_type,
        sum(points) as points
    from movements
    group by business_date, store_id, tier, entry_type
),

summed as (
    select
        business_date,
        store_id,
        tier,
        coalesce(sum(points) filter (where entry_type = 'OPENING'), 0) as opening_points,
        coalesce(sum(points) filter (where entry_type in ('EARN', 'BONUS')), 0) as issued_points,
        coalesce(-sum(points) filter (where entry_type = 'REDEEM'), 0) as redeemed_points,
        coalesce(-sum(points) filter (where entry_type = 'EXPIRE'), 0) as expired_points,
        coalesce(-sum(points) filter (where entry_type = 'REVERSE'), 0) as reversed_points,
        coalesce(sum(points) filter (where entry_type = 'REFUND'), 0) as refunded_points,
        coalesce(sum(points) filter (where entry_type = 'ADJUST'), 0) as adjusted_points,
        coalesce(sum(points) filter (where entry_type = 'TIER'), 0) as tier_moved_points,
        sum(points) as net_points
    from kinds
    group by business_date, store_id, tier
),

final as (
    select
        business_date,
        coalesce(store_id, '') as store_id,
        tier,
        cast(opening_points as bigint) as opening_points,
        cast(issued_points as bigint) as issued_points,
        cast(redeemed_points as bigint) as redeemed_points,
        cast(expired_points as bigint) as expired_points,
        cast(reversed_points as bigint) as reversed_points,
        cast(refunded_points as bigint) as refunded_points,
        cast(adjusted_points as bigint) as adjusted_points,
        cast(tier_moved_points as bigint) as tier_moved_points,
        cast(net_points as bigint) as net_points
    from summed
)

select * from final
