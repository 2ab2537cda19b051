-- The chosen days (none chosen: the last 30), and as many days before them where there are data.
chosen as (
    select
        min(marts.calendar.business_date) as first_day,
        max(marts.calendar.business_date) as last_day
    from marts.calendar
    where
        (marts.calendar.is_recent [[or {{period}}]])
        [[and {{period}}]]
),

windows as (
    select
        first_day,
        last_day
    from chosen
    where first_day is not null
    union all
    select
        chosen.first_day - (chosen.last_day - chosen.first_day + 1) as first_day,
        chosen.first_day - 1 as last_day
    from chosen
    inner join marts.calendar as earlier
        on earlier.business_date = chosen.first_day - (chosen.last_day - chosen.first_day + 1)
)
