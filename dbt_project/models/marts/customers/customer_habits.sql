-- What the days of purchase of each customer say, whatever day it is.
{{ config(
    materialized='by_key', key='customer_id', follows=['member_days'], tells=['customer_id'],
    told_by=['first_day']
) }}
with

visits as (
    select
        customer_id,
        business_date,
        store_id,
        purchase_count
    from {{ ref('member_days') }}
    where {{ of_changed_keys('customer_id') }}
),

visit_days as (
    select distinct
        customer_id,
        business_date
    from visits
),

gaps as (
    select
        customer_id,
        business_date,
        business_date - lag(business_date) over (
            partition by customer_id order by business_date
        ) as gap_days
    from visit_days
),

-- The percentile is a double; rounded, it can be held against whole days.
days as (
    select
        customer_id,
        min(business_date) as first_day,
        max(business_date) as last_day,
        count(*) as purchase_day_count,
        {{ median('gap_days') }} as usual_gap_days,
        round(cast(percentile_cont(0.9) within group (order by gap_days) as numeric), 6)
            as long_gap_days
    from gaps
    group by customer_id
),

visits_by_store as (
    select
        customer_id,
        store_id,
        sum(purchase_count) as purchase_count,
        max(business_date) as last_day
    from visits
    group by customer_id, store_id
),

home_stores as (
    select distinct on (customer_id)
        customer_id,
        store_id
    from visits_by_store
    order by
        customer_id asc, purchase_count desc, last_day desc, store_id collate "C" asc
),

final as (
    select
        days.customer_id,
        home_stores.store_id as home_store_id,
        days.first_day,
        days.last_day,
        days.purchase_day_count,
        cast(days.usual_gap_days as numeric(24, 6)) as usual_gap_days,
        cast(days.long_gap_days as numeric(24, 6)) as long_gap_days
    from days
    inner join home_stores on days.customer_id = home_stores.customer_id
)

select * from final
