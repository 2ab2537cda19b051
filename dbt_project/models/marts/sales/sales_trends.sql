-- Each day gives its sales to its own period, to the next one (as what came before) and to that of
-- a year later. A period that still runs is compared with as many days of the others as it has had.
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
    union all
    select
        'all' as scope,
        '' as store_id,
        business_date,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from {{ ref('sales_daily') }}
    group by business_date
),

series as (
    select
        scope,
        store_id,
        min(business_date) as first_date
    from sold
    group by scope, store_id
),

days as (
    select
        series.scope,
        series.store_id,
        series.first_date,
        calendar.business_date,
        calendar.week_date,
        calendar.month_date,
        coalesce(sold.transaction_count, 0) as transaction_count,
        coalesce(sold.net_amount, 0) as net_amount
    from series
    inner join {{ ref('calendar') }} as calendar on series.first_date <= calendar.business_date
    left join sold
        on
            series.scope = sold.scope
            and series.store_id = sold.store_id
            and calendar.business_date = sold.business_date
),

contributions as (
    select
        days.scope,
        days.store_id,
        days.first_date,
        days.transaction_count,
        days.net_amount,
        periods.period,
        targets.kind,
        targets.period_date,
        case periods.period
            when 'day' then targets.period_date
            when 'week' then targets.period_date + 6
            else cast(targets.period_date + interval '1 month' - interval '1 day' as date)
        end as last_date,
        periods.own_date,
        days.business_date - periods.own_date as place
    from days
    cross join
        lateral (
            values
            ('day', days.business_date, days.business_date + 7, days.business_date + 364),
            ('week', days.week_date, days.week_date + 7, days.week_date + 364),
            (
                'month',
                days.month_date,
                cast(days.month_date + interval '1 month' as date),
                cast(days.month_date + interval '1 year' as date)
            )
        ) as periods (period, own_date, next_date, next_year_date)
    cross join lateral (
        values
        ('own', periods.own_date),
        ('previous', periods.next_date),
        ('year', periods.next_year_date)
    ) as targets (kind, period_date)
),

comparable as (
    select contributions.*
    from contributions
    cross join as_of
    where
        contributions.kind = 'own'
        or (
            contributions.own_date >= contributions.first_date
            and (
                contributions.last_date <= as_of.business_date
                or contributions.period_date + contributions.place <= as_of.business_date
            )
        )
),

summed as (
    select
        scope,
        store_id,
        period,
        period_date,
        min(first_date) <= period_date
        and max(last_date) <= (select as_of.business_date from as_of) as is_complete,
        sum(transaction_count) filter (where kind = 'own') as transaction_count,
        sum(net_amount) filter (where kind = 'own') as net_amount,
        sum(net_amount) filter (where kind = 'previous') as previous_amount,
        sum(net_amount) filter (where kind = 'year') as year_before_amount
    from comparable
    group by scope, store_id, period, period_date
    having count(*) filter (where kind = 'own') > 0
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
)

select * from final
