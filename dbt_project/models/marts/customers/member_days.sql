{{ config(
    materialized='by_key', key='customer_id', since='business_date', follows=['purchases'],
    tells=['customer_id', 'business_date'],
    tells_rows=['business_date', 'previous_date', 'is_first_of_day', 'purchase_count']
) }}
with

purchases as (
    select
        business_date,
        store_id,
        customer_id,
        net_amount
    from {{ ref('purchases') }}
    where is_counted and {{ of_keys_since('customer_id', 'business_date') }}
),

days as (
    select
        business_date,
        store_id,
        customer_id,
        count(*) as purchase_count,
        cast(sum(net_amount) as numeric(24, 4)) as net_amount
    from purchases
    group by business_date, store_id, customer_id
),

-- The last day before those that are made anew.
earlier as (
    select
        cast(null as text) as customer_id,
        cast(null as date) as business_date
    where false
    {{ where_kept(and_earlier_days) }}
),

final as (
    select
        days.business_date,
        days.store_id,
        days.customer_id,
        coalesce(
            max(days.business_date) over (
                partition by days.customer_id
                order by days.business_date
                groups between unbounded preceding and 1 preceding
            ),
            earlier.business_date
        ) as previous_date,
        row_number() over (
            partition by days.customer_id, days.business_date order by days.store_id collate "C"
        ) = 1 as is_first_of_day,
        days.purchase_count,
        days.net_amount
    from days
    left join earlier on days.customer_id = earlier.customer_id
)

select * from final
