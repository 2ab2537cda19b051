-- A customer who changes the tier takes the balance of the evening before along, on the first day.
-- Days before the first entry or tier that has changed stand as they are.
{{ config(tags=['accounts'], post_hook="{{ record_accounts() }}") }}
with

since as (
    select
        case
            when
                {{ accounts_are_partial() }}
                and bool_and(accounts.was_complete and builds.build_id = accounts.build_id)
                then coalesce(min(builds.changed_from), 'infinity')
            else '-infinity'
        end as business_date
    from ops.account_builds as accounts
    cross join ops.account_builds as builds
    where
        accounts.model = 'points_accounts' and builds.model in ('points_ledger', 'tier_history')
),

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
        sum(entries.points) as points
    from stretches
    inner join {{ ref('points_ledger') }} as entries
        on
            stretches.customer_id = entries.customer_id
            and stretches.valid_from > entries.business_date
    where
        stretches.tier <> stretches.tier_before
        and stretches.valid_from >= (select since.business_date from since)
    group by
        stretches.customer_id, stretches.tier, stretches.tier_before, stretches.valid_from
),

movements as (
    select
        entries.business_date,
        entries.store_id,
        coalesce(stretches.tier, lowest.tier) as tier,
        entries.entry_type,
        entries.points
    from {{ ref('points_ledger') }} as entries
    cross join lowest
    left join stretches
        on
            entries.customer_id = stretches.customer_id
            and entries.business_date >= stretches.valid_from
            and entries.business_date < coalesce(stretches.valid_to, 'infinity')
    where entries.business_date >= (select since.business_date from since)
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

stood as (
    select points_daily.*
    from {{ standing_rows(
        'points_daily',
        {
            'business_date': 'date',
            'store_id': 'text',
            'tier': 'text',
            'opening_points': 'bigint',
            'issued_points': 'bigint',
            'redeemed_points': 'bigint',
            'expired_points': 'bigint',
            'reversed_points': 'bigint',
            'refunded_points': 'bigint',
            'adjusted_points': 'bigint',
            'tier_moved_points': 'bigint',
            'net_points': 'bigint',
            'closing_balance': 'bigint',
        }
    ) }} as points_daily
    inner join since on points_daily.business_date < since.business_date
),

balances_before as (
    select distinct on (tier)
        tier,
        closing_balance
    from stood
    order by tier asc, business_date desc
),

closings as (
    select
        summed.business_date,
        summed.tier,
        sum(sum(summed.net_points)) over (
            partition by summed.tier order by summed.business_date
        ) as points
    from summed
    group by summed.business_date, summed.tier
),

final as (
    select
        summed.business_date,
        coalesce(summed.store_id, '') as store_id,
        summed.tier,
        cast(summed.opening_points as bigint) as opening_points,
        cast(summed.issued_points as bigint) as issued_points,
        cast(summed.redeemed_points as bigint) as redeemed_points,
        cast(summed.expired_points as bigint) as expired_points,
        cast(summed.reversed_points as bigint) as reversed_points,
        cast(summed.refunded_points as bigint) as refunded_points,
        cast(summed.adjusted_points as bigint) as adjusted_points,
        cast(summed.tier_moved_points as bigint) as tier_moved_points,
        cast(summed.net_points as bigint) as net_points,
        cast(closings.points + coalesce(balances_before.closing_balance, 0) as bigint)
            as closing_balance
    from summed
    inner join closings
        on summed.business_date = closings.business_date and summed.tier = closings.tier
    left join balances_before on summed.tier = balances_before.tier
    union all
    select
        stood.business_date,
        stood.store_id,
        stood.tier,
        stood.opening_points,
        stood.issued_points,
        stood.redeemed_points,
        stood.expired_points,
        stood.reversed_points,
        stood.refunded_points,
        stood.adjusted_points,
        stood.tier_moved_points,
        stood.net_points,
        stood.closing_balance
    from stood
)

select * from final
