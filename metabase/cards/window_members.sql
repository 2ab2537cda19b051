-- Of all stores from the counts by day. Of most stores: these less who came to the others only, for of
-- those there are few rows. Of some stores one by one, hashed: different texts counted in one step
-- would be sorted.
in_stores as (
    select
        windows.last_day,
        days.customer_id,
        sum(days.purchase_count) as purchase_count
    from windows
    inner join marts.member_days as days
        on days.business_date between windows.first_day and windows.last_day
    inner join chosen_stores on days.store_id = chosen_stores.store_id
    where not (select is_most from scope)
    group by windows.last_day, days.customer_id
),

elsewhere as (
    select
        windows.first_day,
        windows.last_day,
        days.customer_id,
        sum(days.purchase_count) as purchase_count
    from windows
    inner join marts.member_days as days
        on days.business_date between windows.first_day and windows.last_day
    where
        (select is_most from scope)
        and days.store_id = any(array(select other_stores.store_id from other_stores))
    group by windows.first_day, windows.last_day, days.customer_id
),

counts as (
    select
        windows.last_day,
        sum(visits.customer_count) filter (
            where visits.previous_date is null or visits.previous_date < windows.first_day
        ) as member_count,
        sum(visits.purchase_count) as purchase_count
    from windows
    inner join marts.member_visits_daily as visits
        on visits.business_date between windows.first_day and windows.last_day
    where (select is_most from scope)
    group by windows.last_day
    union all
    select
        elsewhere.last_day,
        -count(*) filter (
            where not exists (
                select from marts.member_days as days
                where
                    days.customer_id = elsewhere.customer_id
                    and days.business_date between elsewhere.first_day and elsewhere.last_day
                    and days.store_id not in (select other_stores.store_id from other_stores)
            )
        ) as member_count,
        -sum(elsewhere.purchase_count) as purchase_count
    from elsewhere
    group by elsewhere.last_day
    union all
    select
        last_day,
        count(*) as member_count,
        sum(purchase_count) as purchase_count
    from in_stores
    group by last_day
),

members as (
    select
        last_day,
        sum(member_count) as member_count,
        sum(purchase_count) as purchase_count
    from counts
    group by last_day
)
