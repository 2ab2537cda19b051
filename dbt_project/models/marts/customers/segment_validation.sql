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
        state_dates.state_date + {{ var('segment_validation_days') }} as until_date,
        row_number() over (order by state_dates.state_date) as number
    from {{ ref('state_dates') }} as state_dates
    inner join as_of
        on state_dates.state_date + {{ var('segment_validation_days') }} <= as_of.business_date
    where {{ of_changed_keys('cast(state_dates.state_date as text)') }}
),

-- A purchase is held against several states: all in one reading, a column each.
spans as (
    select {{ spans_by_number() }}
    from dates
),

bought as (
    select
        purchases.customer_id,
        {{ amounts_by_number() }}
    from {{ ref('purchases') }} as purchases
    cross join spans
    where
        purchases.is_counted
        and purchases.business_date > (select min(dates.state_date) from dates)
        and purchases.business_date <= (select max(dates.until_date) from dates)
    group by purchases.customer_id
),

-- Without a purchase that counts the amount is null.
followed as (
    select
        dates.state_date,
        dates.until_date,
        states.segment_name,
        states.value_segment,
        states.rfm_segment,
        {{ amount_after('dates.number') }} as amount
    from dates
    inner join {{ ref('segment_states') }} as states on dates.state_date = states.state_date
    left join bought on states.customer_id = bought.customer_id
),

-- Those who are in the same segments first, so that schemes are told apart for these alone.
grouped as (
    select
        state_date,
        until_date,
        segment_name,
        value_segment,
        rfm_segment,
        count(*) as customer_count,
        count(amount) as repurchased_count,
        coalesce(sum(amount), 0) as spend_amount
    from followed
    group by state_date, until_date, segment_name, value_segment, rfm_segment
),

counted as (
    select
        grouped.state_date,
        grouped.until_date,
        schemes.scheme,
        schemes.segment,
        cast(sum(grouped.customer_count) as bigint) as customer_count,
        cast(sum(grouped.repurchased_count) as bigint) as repurchased_count,
        sum(grouped.spend_amount) as spend_amount
    from grouped
    cross join
        lateral (
            {{ by_scheme('grouped') }}
        ) as schemes (scheme, segment)
    group by grouped.state_date, grouped.until_date, schemes.scheme, schemes.segment
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
