-- How often the weekday of a day before occurs during and after: weighted so, both sides have the
-- same mix of weekdays.
with

windows as (
    select * from {{ ref('promotion_windows') }}
    where treated_store_count > 0 and before_day_count > 0 and during_day_count > 0
),

days as (
    select
        windows.promotion_id,
        cast(days.day as date) as business_date,
        case
            when days.day < windows.start_date then 'before'
            when days.day <= windows.during_last_date then 'during'
            else 'after'
        end as period,
        -- The first half of the weeks before, the shorter where their number is odd.
        days.day < windows.before_first_date + 7 * (windows.before_day_count / 14) as is_early,
        cast(extract(isodow from days.day) as integer) as weekday
    from windows
    cross join
        lateral generate_series(
            windows.before_first_date,
            greatest(windows.during_last_date, windows.after_last_date),
            interval '1 day'
        ) as days (day)
),

weekdays as (
    select
        promotion_id,
        weekday,
        count(*) filter (where period = 'during') as during_weight,
        count(*) filter (where period = 'after') as after_weight
    from days
    group by promotion_id, weekday
),

final as (
    select
        days.promotion_id,
        days.business_date,
        days.period,
        days.period = 'before' and days.is_early as is_early,
        days.period = 'before' and not days.is_early as is_late,
        case when days.period = 'before' then weekdays.during_weight else 1 end as during_weight,
        case when days.period = 'before' then weekdays.after_weight else 1 end as after_weight
    from days
    inner join weekdays
        on days.promotion_id = weekdays.promotion_id and days.weekday = weekdays.weekday
)

select * from final
