-- Each period beside the one before and that of a year before. One that still runs is compared with
-- as many days of the others as it has had.
{{ config(
    materialized='by_key', key='period_date', key_type='date', follows=['sales_daily', 'as_of']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sold as (
    select
        'store' as scope,
        store_id,
        business_date,
        transaction_count,
        net_amount
    from {{ ref('sales_daily') }}
    where {{ of_changed_keys('business_date', days_of_changed_trends()) }}
    union all
    select
        'all' as scope,
        '' as store_id,
        business_date,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from {{ ref('sales_daily') }}
    where {{ of_changed_keys('business_date', days_of_changed_trends()) }}
    group by business_date
),

series as (
    {{ first_dates_of_series() }}
),

-- Added up, not joined: on a date that only one of two sides is sorted by, the planner meets each
-- day of a store with each.
filled as (
    select
        series.scope,
        series.store_id,
        series.first_date,
        calendar.business_date,
        calendar.week_date,
        calendar.month_date,
        0 as transaction_count,
        0 as net_amount
    from series
    inner join {{ ref('calendar') }} as calendar on series.first_date <= calendar.business_date
    where {{ of_changed_keys('calendar.business_date', days_of_changed_trends()) }}
    union all
    select
        scope,
        store_id,
        null as first_date,
        business_date,
        null as week_date,
        null as month_date,
        transaction_count,
        net_amount
    from sold
),

days as (
    select
        scope,
        store_id,
        business_date,
        max(first_date) as first_date,
        max(week_date) as week_date,
        max(month_date) as month_date,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from filled
    group by scope, store_id, business_date
    having max(first_date) is not null
),

periods as (
    select
        scope,
        store_id,
        first_date,
        'day' as period,
        business_date as period_date,
        business_date as last_date,
        transaction_count,
        net_amount
    from days
    union all
    select
        scope,
        store_id,
        first_date,
        'week' as period,
        week_date as period_date,
        week_date + 6 as last_date,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from days
    group by scope, store_id, first_date, week_date
    union all
    select
        scope,
        store_id,
        first_date,
        'month' as period,
        month_date as period_date,
        cast(month_date + interval '1 month' - interval '1 day' as date) as last_date,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from days
    group by scope, store_id, first_date, month_date
),

-- What began before the series did is no whole period.
whole as (
    select
        *,
        case when period_date >= first_date then net_amount end as whole_amount
    from periods
),

beside as (
    select
        *,
        case period
            when 'month' then sum(whole_amount) over month_before
            else sum(whole_amount) over week_before
        end as previous_amount,
        case period
            when 'month' then sum(whole_amount) over year_before
            else sum(whole_amount) over weeks_before
        end as year_before_amount
    from whole
    window
        week_before as (
            partition by scope, store_id, period order by period_date
            range between interval '7 days' preceding and interval '7 days' preceding
        ),
        month_before as (
            partition by scope, store_id, period order by period_date
            range between interval '1 month' preceding and interval '1 month' preceding
        ),
        weeks_before as (
            partition by scope, store_id, period order by period_date
            range between interval '364 days' preceding and interval '364 days' preceding
        ),
        year_before as (
            partition by scope, store_id, period order by period_date
            range between interval '1 year' preceding and interval '1 year' preceding
        )
),

running as (
    select
        periods.period,
        periods.previous_date,
        periods.year_before_date,
        as_of.business_date - periods.period_date as passed_days
    from as_of
    inner join {{ ref('calendar') }} as calendar on as_of.business_date = calendar.business_date
    cross join
        lateral (
            values
            (
                'week',
                calendar.week_date,
                calendar.week_date - 7,
                calendar.week_date - 364
            ),
            (
                'month',
                calendar.month_date,
                cast(calendar.month_date - interval '1 month' as date),
                cast(calendar.month_date - interval '1 year' as date)
            )
        ) as periods (period, period_date, previous_date, year_before_date)
),

dated as (
    select
        days.scope,
        days.store_id,
        days.first_date,
        days.business_date,
        days.net_amount,
        running.period,
        running.previous_date,
        running.year_before_date,
        running.passed_days,
        case running.period when 'week' then days.week_date else days.month_date end as source_date
    from days
    cross join running
),

-- Of the periods that a running one is compared with, as many days as it has had.
so_far as (
    select
        scope,
        store_id,
        period,
        sum(net_amount) filter (where source_date = previous_date) as previous_amount,
        sum(net_amount) filter (where source_date = year_before_date) as year_before_amount
    from dated
    where
        source_date in (previous_date, year_before_date)
        and source_date >= first_date
        and business_date - source_date <= passed_days
    group by scope, store_id, period
),

summed as (
    select
        beside.scope,
        beside.store_id,
        beside.period,
        beside.period_date,
        beside.first_date <= beside.period_date
        and beside.last_date <= as_of.business_date as is_complete,
        beside.transaction_count,
        beside.net_amount,
        case
            when beside.last_date <= as_of.business_date then beside.previous_amount
            else so_far.previous_amount
        end as previous_amount,
        case
            when beside.last_date <= as_of.business_date then beside.year_before_amount
            else so_far.year_before_amount
        end as year_before_amount
    from beside
    cross join as_of
    left join so_far
        on
            beside.last_date > as_of.business_date
            and beside.scope = so_far.scope
            and beside.store_id = so_far.store_id
            and beside.period = so_far.period
),

averaged as (
    select
        *,
        case
            when period = 'day' and count(*) filter (where is_complete) over of_days = 7
                then avg(net_amount) over of_days
            when period = 'week' and count(*) filter (where is_complete) over of_weeks = 4
                then avg(net_amount) over of_weeks
            when period = 'month' and count(*) filter (where is_complete) over of_months = 3
                then avg(net_amount) over of_months
        end as average_amount
    from summed
    window
        of_days as (
            partition by scope, store_id, period order by period_date
            rows between 6 preceding and current row
        ),
        of_weeks as (
            partition by scope, store_id, period order by period_date
            rows between 3 preceding and current row
        ),
        of_months as (
            partition by scope, store_id, period order by period_date
            rows between 2 preceding and current row
        )
),

final as (
    select
        scope,
        store_id,
        period,
        period_date,
        is_complete,
        cast(transaction_count as bigint) as transaction_count,
        cast(net_amount as numeric(24, 4)) as net_amount,
        cast(average_amount as numeric(24, 4)) as average_amount,
        cast(previous_amount as numeric(24, 4)) as previous_amount,
        cast(net_amount / nullif(previous_amount, 0) - 1 as numeric(18, 6)) as change_ratio,
        cast(year_before_amount as numeric(24, 4)) as year_before_amount,
        cast(net_amount / nullif(year_before_amount, 0) - 1 as numeric(18, 6))
            as year_change_ratio
    from averaged
    where {{ of_changed_keys('cast(period_date as text)') }}
)

select * from final
