-- Of all stores from the counts by day; of some stores one by one.
members as (
    select
        windows.last_day,
        sum(visits.customer_count) filter (
            where visits.previous_date is null or visits.previous_date < windows.first_day
        ) as member_count,
        sum(visits.purchase_count) as purchase_count
    from windows
    inner join marts.member_visits_daily as visits
        on visits.business_date between windows.first_day and windows.last_day
    where (select is_everything from scope)
    group by windows.last_day
    union all
    select
        windows.last_day,
        count(distinct days.customer_id) as member_count,
        sum(days.purchase_count) as purchase_count
    from windows
    inner join marts.member_days as days
        on days.business_date between windows.first_day and windows.last_day
    inner join chosen_stores on days.store_id = chosen_stores.store_id
    where not (select is_everything from scope)
    group by windows.last_day
)
