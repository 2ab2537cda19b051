-- Upgrades at once, downgrades at month end after grace, the delivered status a floor: what a day
-- does depends on the tier held before, so one fold per customer (docs/points.md, ops.fold_tiers).
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}],
    changed_from='case when count(*) = 1 then min(valid_from) else min(valid_to) end',
    changed_by=['customer_id', 'tier', 'valid_from'], tells=['valid_from']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

purchases as (
    select
        transaction_id,
        customer_id,
        merchandise_amount,
        business_date
    from {{ ref('purchases') }}
    where has_merchandise and {{ of_changed('customer_id') }}
),

-- What each return took from the worth of its sale, at most all of it.
returns as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        sale_returns.business_date,
        greatest(least(sale_returns.returned_to_date_amount, purchases.merchandise_amount), 0)
        - greatest(
            least(
                sale_returns.returned_to_date_amount - sale_returns.returned_amount,
                purchases.merchandise_amount
            ),
            0
        ) as amount
    from {{ ref('sale_returns') }} as sale_returns
    inner join purchases on sale_returns.original_transaction_id = purchases.transaction_id
    inner join as_of on sale_returns.business_date <= as_of.business_date
    where sale_returns.business_date < purchases.business_date + {{ var('tier_window_days') }}
),

returned as (
    select
        transaction_id,
        sum(amount) as amount
    from returns
    group by transaction_id
),

openings as (
    select
        memberships.customer_id,
        memberships.opening_tier_rank,
        memberships.opened_on
    from {{ ref('memberships') }} as memberships
    inner join as_of on memberships.opened_on <= as_of.business_date
    where {{ of_changed('memberships.customer_id') }}
),

changes as (
    select
        purchases.customer_id,
        purchases.business_date,
        purchases.merchandise_amount as amount,
        false as is_opening
    from purchases
    union all
    select
        returns.customer_id,
        returns.business_date,
        -returns.amount as amount,
        false as is_opening
    from returns
    union all
    -- A purchase leaves the window with what was left of it.
    select
        purchases.customer_id,
        purchases.business_date + {{ var('tier_window_days') }} as business_date,
        coalesce(returned.amount, 0) - purchases.merchandise_amount as amount,
        false as is_opening
    from purchases
    inner join as_of
        on purchases.business_date + {{ var('tier_window_days') }} <= as_of.business_date
    left join returned on purchases.transaction_id = returned.transaction_id
    union all
    select
        openings.customer_id,
        openings.opened_on as business_date,
        0 as amount,
        true as is_opening
    from openings
),

thresholds as (
    select array_agg(min_spend_amount order by tier_rank) as amounts
    from {{ ref('loyalty_tiers') }}
),

-- All changes of one day count together.
ranked as (
    select
        customer_id,
        business_date,
        is_opening,
        width_bucket(
            sum(amount) over (partition by customer_id order by business_date),
            (select thresholds.amounts from thresholds)
        ) as reached
    from changes
),

compared as (
    select
        *,
        lag(reached) over (partition by customer_id order by business_date) as reached_before
    from ranked
),

turning_days as (
    select distinct
        customer_id,
        business_date,
        reached
    from compared
    where is_opening or reached is distinct from reached_before
),

-- The days on which another tier comes within reach or gets out of it, and the opening day.
histories as (
    select
        customer_id,
        array_agg(business_date order by business_date) as days,
        array_agg(reached order by business_date) as reached
    from turning_days
    group by customer_id
),

final as (
    select
        histories.customer_id,
        loyalty_tiers.tier,
        loyalty_tiers.tier_rank,
        intervals.valid_from,
        intervals.valid_to,
        intervals.valid_to is null as is_current
    from histories
    cross join as_of
    left join openings on histories.customer_id = openings.customer_id
    cross join
        lateral ops.fold_tiers(
            histories.days,
            histories.reached,
            openings.opened_on,
            openings.opening_tier_rank,
            {{ var('tier_floor_days') }},
            {{ var('tier_grace_days') }},
            as_of.business_date
        ) as intervals
    inner join {{ ref('loyalty_tiers') }} as loyalty_tiers
        on intervals.rank = loyalty_tiers.tier_rank
)

select * from final
