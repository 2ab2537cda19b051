-- A segment is worth its name if those in it behave as it says: states that lie so many days back
-- are held against what the same customers bought afterwards.
{{ config(
    materialized='by_key', key='state_date', key_type='date',
    follows=['month_end_states', 'purchases', 'as_of']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

dates as (
    select
        state_dates.state_date,
        state_dates.state_date + {{ var('segment_validation_days') }} as until_date
    from {{ ref('state_dates') }} as state_dates
    inner join as_of
        on state_dates.state_date + {{ var('segment_validation_days') }} <= as_of.business_date
    where {{ of_changed_keys('cast(state_dates.state_date as text)') }}
),

bought as (
    select
        dates.state_date,
        purchases.customer_id,
        sum(purchases.monetary_amount) as spend_amount
    from dates
    inner join {{ ref('purchases') }} as purchases
        on
            dates.state_date < purchases.business_date
            and dates.until_date >= purchases.business_date
    where purchases.is_counted
    group by dates.state_date, purchases.customer_id
),

followed as (
    select
        dates.state_date,
        dates.until_date,
        memberships.scheme,
        memberships.segment,
        bought.customer_id is not null as has_repurchased,
        coalesce(bought.spend_amount, 0) as spend_amount
    from dates
    inner join {{ ref('segment_memberships') }} as memberships
        on dates.state_date = memberships.state_date
    left join bought
        on
            memberships.state_date = bought.state_date
            and memberships.customer_id = bought.customer_id
),

counted as (
    select
        state_date,
        until_date,
        scheme,
        segment,
        count(*) as customer_count,
        count(*) filter (where has_repurchased) as repurchased_count,
        sum(spend_amount) as spend_amount
    from followed
    group by state_date, until_date, scheme, segment
),

compared as (
    select
        *,
        sum(repurchased_count) over everybody / sum(customer_count) over everybody
            as overall_repurchase_ratio,
        sum(spend_amount) over everybody / sum(customer_count) over everybody
            as overall_mean_spend_amount
    from counted
    window everybody as (partition by state_date, scheme)
),

final as (
    select
        state_date,
        until_date,
        scheme,
        segment,
        customer_count,
        repurchased_count,
        cast(repurchased_count / cast(customer_count as numeric) as numeric(18, 6))
            as repurchase_ratio,
        cast(overall_repurchase_ratio as numeric(18, 6)) as overall_repurchase_ratio,
        cast(spend_amount as numeric(24, 4)) as spend_amount,
        cast(spend_amount / customer_count as numeric(24, 4)) as mean_spend_amount,
        cast(overall_mean_spend_amount as numeric(24, 4)) as overall_mean_spend_amount
    from compared
)

select * from final
